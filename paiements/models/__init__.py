"""Tables of money, by subject. Amounts are whole centimes."""
