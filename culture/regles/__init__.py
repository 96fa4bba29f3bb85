"""The rules of outings. Pure: no database, no page, time is an argument."""
