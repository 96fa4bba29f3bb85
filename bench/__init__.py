"""What the house takes, measured: `make bench`, or `make bench QUOI=P2`.

Each row of the table is a module here with a `run()` that returns its figures; a figure has a target that is absolute,
or a floor or a peer measured in the same run. A benchmark says the figure; what the code does, tests say.
"""
