"""Instance types, their prices, and what pictures cost on them."""
