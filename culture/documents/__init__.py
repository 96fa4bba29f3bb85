"""What is printed: cards, the papers of an evening."""
