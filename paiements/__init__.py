"""Money: the ledger, what falls due, and how it is paid."""
