"""The Jinja environment of what is rendered outside a request: e-mails and PDFs."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kernel.formats import FILTERS, LOCALE, insecables
from kernel.settings import get_settings

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
TRANSLATIONS = ROOT / "translations"


def environment(langue: str = LOCALE) -> Environment:
    """Templates here receive primitives only, and an unknown name is an error, never an empty place in a letter.

    Sentences are read in the catalogue of `langue`; one that it lacks, or a language without catalogue, stays French.
    """
    settings = get_settings()
    return _environment(langue, settings.nom_ccas, settings.telephone_ccas, settings.public_url)


@lru_cache(maxsize=16)
def _environment(langue: str, nom_ccas: str, telephone_ccas: str, adresse: str) -> Environment:
    catalogue = Translations.load(TRANSLATIONS, [langue])
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: insecables(catalogue.ugettext(text)), _plural(catalogue), newstyle=True
    )
    made.filters.update(FILTERS)
    made.globals.update(nom_ccas=nom_ccas, telephone_ccas=telephone_ccas, adresse=adresse)
    return made


def render(template: str, context: dict[str, Any], langue: str = LOCALE) -> str:
    return environment(langue).get_template(template).render(context)


def _plural(catalogue: NullTranslations) -> Callable[[str, str, int], str]:
    """In French nought is singular, which is not what gettext does where there is no catalogue."""
    translated = isinstance(catalogue, Translations)
    return lambda one, many, n: insecables(
        str(catalogue.ungettext(one, many, n)) if translated else (one if n < 2 else many)
    )
