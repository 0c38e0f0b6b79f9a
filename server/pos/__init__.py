"""The registers' extension: what it asks, and what it is told."""
