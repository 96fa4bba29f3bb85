"""A centre's spreadsheet taken over: households by `foyers.importation`, their subscriptions here; all or nothing."""
