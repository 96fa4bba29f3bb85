"""Group outings and their yearly pass. Blind to paniers/: it shares households and the ledger, nothing else."""
