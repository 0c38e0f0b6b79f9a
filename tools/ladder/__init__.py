"""How far AI may go right now, who moves it, and who stops it."""
