"""What follows from forecasts: what to move, what to order, what runs out, and what planners know better."""
