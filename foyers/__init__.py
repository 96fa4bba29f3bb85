"""Households, their members, maisons and accounts, and what they have shown of their quotient familial."""
