"""What forecasts are worth in stock: orders, transfers and their plain rivals over the same shops."""
