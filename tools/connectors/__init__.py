"""The platforms, reached only through the executor."""
