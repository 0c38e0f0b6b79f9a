"""The one place that knows customers by name: sealed, one key for each of them."""
