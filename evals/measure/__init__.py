"""Whether the measure itself is right: told effects beside true ones."""
