"""The Jinja environment of what is rendered outside a request: e-mails and PDFs."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kernel.formats import FILTERS, insecables
from kernel.settings import get_settings

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Templates here receive primitives only, and an unknown name is an error, never an empty place in a letter."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        insecables, lambda one, many, n: insecables(one if n < 2 else many), newstyle=True
    )
    made.filters.update(FILTERS)
    settings = get_settings()
    made.globals.update(nom_ccas=settings.nom_ccas, telephone_ccas=settings.telephone_ccas, adresse=settings.public_url)
    return made


def render(template: str, context: dict[str, Any]) -> str:
    return environment().get_template(template).render(context)
