"""What platforms tell us."""
