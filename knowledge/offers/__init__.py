"""What goes with what, and what was offered."""
