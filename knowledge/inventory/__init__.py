"""How much is where."""
