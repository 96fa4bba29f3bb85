"""Pages of families, of everybody, and of venues by their link."""
