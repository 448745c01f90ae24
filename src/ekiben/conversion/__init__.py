"""Named recipes that turn downloaded files into what a runtime reads."""
