"""Sentences that people read, through the catalogues: `_` with its types told and its French spaces kept together."""

from functools import lru_cache

from babel import Locale
from flask_babel import LazyString, get_locale, gettext

from kernel.formats import insecables


def _(message: str, **values: object) -> str:
    """The French sentence in the reader's language."""
    text = said(message)
    return text % values if values else text


def said(message: str) -> str:
    """The same with the places of its values left open."""
    return _said(get_locale(), message)


@lru_cache(maxsize=8192)
def _said(_locale: Locale | None, message: str) -> str:
    # A page has dozens of them, and looks each up once in the life of a process.
    return insecables(str(gettext(message)))


def _l(message: str, **values: object) -> LazyString:
    """The same, for what is written before anybody reads: a form's labels and answers."""
    return LazyString(_, message, **values)
