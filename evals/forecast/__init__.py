"""Demand forecasts on a real retailer's sales."""
