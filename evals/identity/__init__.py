"""How well customers are recognized, on records whose true owners are known."""
