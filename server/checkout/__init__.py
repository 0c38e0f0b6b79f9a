"""An offer before payment."""
