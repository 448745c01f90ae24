"""What Ekiben is compared with: the same model served in other ways."""
