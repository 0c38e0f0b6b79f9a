"""Our figures, each beside its floor, measured in one run."""
