"""A retailer's own history, from files and from the platforms, into the same store by the same path as live events."""
