"""Public routes, one file per family: reading a request into an `Ask`, writing a worker's reply as a response."""
