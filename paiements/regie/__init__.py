"""The régie de recettes: its founding act, its tills, receipts, deposits, what goes to the Treasury."""
