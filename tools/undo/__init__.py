"""Taking back many actions together, and saying what stays done."""
