"""Forms of money: whatever arrives, the answer is a French sentence beside the field."""
