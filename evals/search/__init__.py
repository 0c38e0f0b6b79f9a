"""How well products are found: the product's own search on searches that people judged."""
