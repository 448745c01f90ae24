"""Minutes of mixed work with callers who leave and requests that are wrong."""
