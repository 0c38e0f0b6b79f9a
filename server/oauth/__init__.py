"""People and machines the retailer's own identity provider vouches for: OAuth 2.1, as a resource server only."""
