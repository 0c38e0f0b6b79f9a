"""Durable work, in order."""
