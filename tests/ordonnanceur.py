"""Which of pytest-xdist's processes passes which tests."""

from xdist.scheduler import LoadScopeScheduling

ENSEMBLES = ("tests/navigateur/", "tests/scenarios/semaine/")
"""What is costly to set up, and then shared by all of its tests: a whole town."""


class Ordonnanceur(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free; those that live through one week of one town stay together.

    The mark `xdist_group` would say the same, but pytest 9.2 no longer lets xdist write it into a test's name.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((together for together in ENSEMBLES if nodeid.startswith(together)), nodeid)
