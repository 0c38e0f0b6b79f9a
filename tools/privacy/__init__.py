"""Customers' rights over their data, done and on record."""
