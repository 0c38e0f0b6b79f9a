"""How the shipped tagger is made."""
