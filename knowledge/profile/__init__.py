"""What a specialist may see of a customer."""
