"""What the pages read, by subject: frozen rows, a bounded number of queries a page."""
