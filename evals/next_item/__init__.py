"""How well the next item of a basket, and of a customer, is foretold on a real retailer's recorded orders."""
