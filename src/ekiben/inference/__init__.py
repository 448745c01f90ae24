"""The seam between serving and models: tensors, the model protocol and how both travel."""
