"""What offers are worth at a retailer whose customers' true answers are known."""
