"""Whether what an answer says is backed by what was retrieved or computed."""
