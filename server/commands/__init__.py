"""What each command of `tillhand` does."""
