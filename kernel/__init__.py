"""The ground floor: what every trade stands on, with no trade words in it."""
