"""Group outings (Pass Culture). Blind to paniers/: it shares households and the ledger, nothing else."""
