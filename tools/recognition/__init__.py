"""Who is one person: what was found, and what people say to it."""
