"""Whether an answer without evidence is caught, and one with evidence let through."""
