"""What happened, in our words."""
