"""Households taken over from a spreadsheet: columns by name, cells forgivingly, duplicates proposed, never guessed."""
