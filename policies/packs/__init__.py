"""What particular jurisdictions ask for, one folder each, in force where `limits.toml` switches it on."""
