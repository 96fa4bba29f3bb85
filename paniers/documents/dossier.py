"""The papers of a maison's week: each family's voucher, and the dossier de distribution.

In three steps, so that no transaction is open while pages are laid out: a maison's week is read, its files are made,
`ranger` keeps them. Doing it again replaces the same documents: ``bon:<panier>`` and ``dossier:<semaine>:<maison>``.
Where many pages differ by a name, a number and a code alone, `bons_en_serie.py` makes them.
"""

from collections.abc import Iterator
from dataclasses import asdict
from io import BytesIO
from itertools import groupby
from typing import Any

from foyers.models import Canal
from kernel import pdf
from kernel.db import reading, transaction
from kernel.formats import jour
from paniers.documents import bons_en_serie
from paniers.documents.bons_retrait import Bon, Contenu, Dossier, lire_dossier
from paniers.documents.fichiers import Fichier, nom_de_fichier, ranger

# The lists of several hundred families in one file take too much memory; no maison gives out as many.
BORNES_DOSSIER = pdf.Bounds(html=6_000_000, pages=200, seconds=120)


def bons_de_la_maison(semaine_id: int, maison_id: int) -> None:
    """Make every voucher of a maison's week and its dossier; safe to repeat.

    Opens its own sessions, one to read and one to keep, as an actor that renders must. Raises Introuvable.
    """
    with reading() as session:
        dossier = lire_dossier(session, semaine_id, maison_id)
    fichiers = rendre(dossier)
    with transaction() as session:
        ranger(session, fichiers)


def rendre(dossier: Dossier) -> list[Fichier]:
    """Every file of the maison's week: one voucher for each basket, then the dossier."""
    name = nom_de_fichier("bon de retrait", jour(dossier.lieu.jour), extension="pdf")
    vouchers = [Fichier(f"bon:{bon.panier_id}", name, content) for bon, content in rendre_bons(dossier)]
    name = nom_de_fichier("dossier", dossier.lieu.nom, jour(dossier.lieu.jour), extension="pdf")
    whole = Fichier(f"dossier:{dossier.semaine_id}:{dossier.maison_id}", name, rendre_dossier(dossier))
    return [*vouchers, whole]


def rendre_bons(dossier: Dossier) -> Iterator[tuple[Bon, bytes]]:
    """Each family's voucher; who gives its basket receives none."""
    bons = sorted((bon for bon in dossier.bons if not bon.a_donner), key=lambda bon: bon.nombre)
    for nombre, group in groupby(bons, key=lambda bon: bon.nombre):
        of_as_many = list(group)
        serie = bons_en_serie.serie_de_bons(dossier, nombre, of_as_many)
        for bon in of_as_many:
            yield bon, (serie.rendre(bon) if serie else None) or rendre_bon(dossier, bon)


def rendre_bon(dossier: Dossier, bon: Bon) -> bytes:
    """A family's voucher, A5, laid out for itself."""
    context = {"lieu": asdict(dossier.lieu), "bon": asdict(bon), "produits": [asdict(p) for p in dossier.produits]}
    return pdf.render("pdf/bon.html", context)


def rendre_dossier(dossier: Dossier, *, tous_les_bons: bool = False) -> bytes:
    """The maison's dossier, A4: cover, fiche de confection, feuille d'émargement, and the vouchers to cut out.

    Those are of the families that receive no e-mail, or with `tous_les_bons` of all. Raises TooLarge.
    """
    printed = [bon for bon in dossier.bons if tous_les_bons or bon.canal != Canal.EMAIL]
    printed = [bon for bon in printed if not bon.a_donner]
    if not printed:
        return pdf.render("pdf/dossier.html", _listes(dossier), BORNES_DOSSIER)
    output = BytesIO()
    lists = pdf.lay_out(pdf.fill("pdf/dossier.html", _listes(dossier)), BORNES_DOSSIER)
    bons_en_serie.ecrire_planches(output, lists, dossier, printed)
    if output.tell() > BORNES_DOSSIER.size:
        raise pdf.TooLarge(f"{output.tell()} bytes")
    return output.getvalue()


def _listes(dossier: Dossier) -> dict[str, Any]:
    """What the dossier says before its vouchers."""
    bons = dossier.bons
    return {
        "lieu": asdict(dossier.lieu),
        "produits": [asdict(p) for p in dossier.produits],
        "poids": dossier.poids,
        "arrivages": _arrivages(dossier.produits),
        "bons": [asdict(bon) for bon in bons],
        "familles": len(bons),
        "a_preparer": sum(bon.nombre for bon in bons),
        "pour_un": sum(bon.nombre == 1 for bon in bons),
        "pour_deux": sum(bon.nombre == 2 for bon in bons),
    }


def _arrivages(produits: tuple[Contenu, ...]) -> list[dict[str, object]]:
    """Products by producer, as the agent at the door ticks them."""
    groups = groupby(produits, key=lambda p: (p.producteur, p.comment))
    return [{"producteur": who, "comment": how, "produits": [asdict(p) for p in held]} for (who, how), held in groups]
