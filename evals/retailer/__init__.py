"""The simulated retailer: a chain that speaks its platforms' true protocols on loopback."""
