"""What the retailer tells its people to do: store policies and playbooks, with their source."""
