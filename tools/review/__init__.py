"""The weekly look at what AI did, and the owning teams' names under it."""
