"""Events in, one picture of stock, customers and orders out."""
