"""Classical methods against networks, on the same data."""
