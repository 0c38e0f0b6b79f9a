"""Attacks on what the store of groups releases."""
