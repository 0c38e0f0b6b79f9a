"""Offers for a till that cannot reach us."""
