"""A retailer's day in two minutes: the whole product at work on the simulated retailer, for whoever wants to see it."""
