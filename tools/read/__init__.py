"""Tools that look."""
