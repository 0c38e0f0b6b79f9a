"""A tap on everything that leaves the product, and customers made up so that none of their data occurs by chance."""
