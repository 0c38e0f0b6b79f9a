"""Tools that ask for a change."""
