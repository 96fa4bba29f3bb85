"""What people do, in a real browser, in a town of real processes."""
