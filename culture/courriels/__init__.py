"""What households and venues are told, each once."""
