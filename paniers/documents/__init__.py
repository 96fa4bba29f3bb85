"""What is printed: orders, vouchers, sheets."""
