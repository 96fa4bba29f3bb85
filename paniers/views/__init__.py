"""Pages of families, and of everybody."""
