"""Pages of families, and the door of the provider."""
