"""Where it is kept: one PostgreSQL schema."""
