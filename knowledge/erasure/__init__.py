"""To forget one customer everywhere, and to be able to show it."""
