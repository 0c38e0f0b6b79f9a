"""What may be known of behavior without knowing anybody: groups of at least k customers, never a row."""
