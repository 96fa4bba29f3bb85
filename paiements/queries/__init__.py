"""What the pages of money read, by subject: frozen rows, a bounded number of queries a page."""
