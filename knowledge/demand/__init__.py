"""What will sell."""
