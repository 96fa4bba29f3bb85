"""What every page stands on: who may call it, sessions and headers, how a refusal looks, health."""
