"""Sentences that people read, through the catalogues: `_` with its types told and its French spaces kept together."""

from flask_babel import LazyString, gettext

from kernel.formats import insecables


def _(message: str, **values: object) -> str:
    """The French sentence in the reader's language."""
    text = insecables(str(gettext(message)))
    return text % values if values else text


def _l(message: str, **values: object) -> LazyString:
    """The same, for what is written before anybody reads: a form's labels and answers."""
    return LazyString(_, message, **values)
