"""What the régie prints."""
