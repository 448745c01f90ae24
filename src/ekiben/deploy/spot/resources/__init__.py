"""What a deployment is made of: a module for each family of things."""
