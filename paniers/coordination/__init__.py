"""Pages of the coordination."""
