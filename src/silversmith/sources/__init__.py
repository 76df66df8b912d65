"""Sources of silver: one folder each; none imports another."""
