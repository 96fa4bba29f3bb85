"""Pages of the régisseur."""
