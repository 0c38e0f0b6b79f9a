"""What is found by meaning."""
