"""The words rules are written in, and therefore the words everything else is written in."""
