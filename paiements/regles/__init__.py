"""The rules of money. Pure: no database, no page, time is an argument."""
