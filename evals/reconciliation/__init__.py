"""Reconciliation in simulation: faults that are known, noise that is none."""
