"""Each night the provider's account, the ledger and the tills stand side by side: equal, or each difference named."""
