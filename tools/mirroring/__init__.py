"""Goods that two platforms count: each is told what became of them at the other."""
