"""What decides in a replay; `strategy` is the seam, `roster` lists all."""
