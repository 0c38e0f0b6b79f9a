"""What offers changed, read from the store: hold-outs, logged draws, sell-through, and fairness."""
