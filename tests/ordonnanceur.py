"""Which of pytest-xdist's processes passes which tests."""

from xdist.scheduler import LoadScopeScheduling

ENSEMBLE = "tests/navigateur/"


class Ordonnanceur(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free; those of the browser, which live through one week of one town, stay together.

    The mark `xdist_group` would say the same, but pytest 9.2 no longer lets xdist write it into a test's name.
    """

    def _split_scope(self, nodeid: str) -> str:
        return ENSEMBLE if nodeid.startswith(ENSEMBLE) else nodeid
