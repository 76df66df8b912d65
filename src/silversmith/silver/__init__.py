"""Silver: fusing and selecting votes (planned)."""
