"""Everything anybody may want to do to a platform, one file per action."""
