"""The rules of the baskets. Pure: no database, no page, time is an argument."""
