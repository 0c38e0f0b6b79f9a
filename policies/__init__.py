"""What is allowed: the words, the actions and the rules."""
