"""Paying online: charges, their declines and returns, what the provider tells."""
