"""What must not be known."""
