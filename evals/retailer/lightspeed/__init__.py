"""The simulated retailer's Lightspeed Retail X-Series side: REST API, signed webhooks and business-rule calls."""
