"""Classical methods and networks, compared on the same data."""
