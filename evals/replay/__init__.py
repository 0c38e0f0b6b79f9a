"""Run a real transaction log through the same inbox, lanes, supervisor and guard."""
