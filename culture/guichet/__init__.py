"""Pages of the agents: the counter, and who accompanies a group."""
