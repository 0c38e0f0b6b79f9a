"""Two systems count the same goods: where they disagree, why, and what to do."""
