"""The simulated Shopify shop: its Admin and Storefront APIs, its tokens and its webhook bodies."""
