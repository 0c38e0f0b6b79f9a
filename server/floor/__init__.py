"""The shop floor: who came in, what helps them, and what is offered to them."""
