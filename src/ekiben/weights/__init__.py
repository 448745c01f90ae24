"""Weights: where they come from, what they must be, and the store they are kept in."""
