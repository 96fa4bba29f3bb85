"""Where a person goes next: back to the page they asked for, if it is ours, or to the first page of their role."""

import unicodedata
from urllib.parse import urlsplit

from flask import current_app, request, url_for

from kernel.web.access import Role

LONGUEUR_MAX = 2_000
ACCUEILS = {
    Role.HABITANT: "paniers.accueil_famille",
    Role.AGENT: "guichet_paniers.jour",
    Role.BENEVOLE: "guichet_paniers.jour",
    Role.COORDINATION: "coordination.semaine",
    Role.ADMINISTRATION: "coordination.semaine",
    Role.PRODUCTEUR: "producteurs.mes_commandes",
    Role.REGISSEUR: "regie.caisses",
}


def chemin_local(asked: str | None) -> str | None:
    """`asked` if it is a path of this site and of no other, as browsers read it; else None.

    Browsers take a backslash for a slash and drop tabs and newlines: ``/\\exemple.fr`` would leave the site.
    """
    if not asked or len(asked) > LONGUEUR_MAX or not asked.startswith("/") or asked.startswith("//") or "\\" in asked:
        return None
    if any(sign.isspace() or unicodedata.category(sign).startswith("C") for sign in asked):
        return None
    try:
        parts = urlsplit(asked)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc or "//" in parts.path else asked


def suite() -> str | None:
    """The page that this request asks to go on to, in its form or its address."""
    return chemin_local(request.form.get("suite") or request.args.get("suite"))


def accueil(role: Role) -> str:
    """The first page of a role."""
    return page_ou_accueil(ACCUEILS[role])


def page_ou_accueil(endpoint: str) -> str:
    """The address of a page that another trade serves, or the site's first page where it is not installed."""
    return url_for(endpoint) if endpoint in current_app.view_functions else "/"
