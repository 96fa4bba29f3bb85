"""What families, producers and the coordination are told, each once."""
