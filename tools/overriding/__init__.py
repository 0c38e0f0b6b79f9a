"""Changes of forecasts by hand: written down once, measured when they have ended."""
