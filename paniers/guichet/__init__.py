"""Pages of the agents and bénévoles: the door of a maison, and the counter."""
