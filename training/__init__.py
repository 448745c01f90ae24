"""Programs that make the weights which no registry has."""
