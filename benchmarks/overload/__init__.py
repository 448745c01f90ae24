"""Twice as much as the server can do, and what becomes of it."""
