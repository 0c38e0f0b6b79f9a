"""The last unit, wanted at the till and online in the same moment."""
