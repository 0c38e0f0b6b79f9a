"""What was decided, judged again: under its own rules, bit for bit, or under others, to see what they would change."""
