"""Sentences that people read, through the catalogues: `_` with its types told."""

from flask_babel import gettext


def _(message: str, **values: object) -> str:
    """The French sentence in the reader's language."""
    return str(gettext(message, **values))
