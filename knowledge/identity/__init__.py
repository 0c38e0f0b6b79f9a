"""Who is who, without knowing who."""
