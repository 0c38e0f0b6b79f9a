"""What is known of one customer, over both channels."""
