"""Receipts of what was paid online, and a year's summary of all that a household has paid: PDFs made when asked for.

Most families never ask, so none is made ahead. What the papers say may change (money goes back), so each has the last
entry that it tells in its key: what is there under the key of today is true today.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from foyers.queries import foyer
from kernel import clock, documents, pdf
from kernel.db import reading, transaction
from kernel.documents import Document
from kernel.errors import Introuvable
from kernel.outbox import publish
from kernel.settings import get_settings
from paiements.events import AttestationDemandee, RecuDemande
from paiements.queries import recus as queries_recus
from paiements.queries.recus import LigneRecue, PaiementRecu


def demander_recu(session: Session, paiement_id: int) -> None:
    """Have a payment's receipt made, unless it is there as it stands. Raises Introuvable."""
    _, read = _paiement(session, paiement_id)
    if not documents.existing(session, [queries_recus.cle_du_recu(read, paiement_id)]):
        publish(session, RecuDemande(paiement_id))


def demander_attestation(session: Session, foyer_id: int, annee: int) -> None:
    """Have the summary of a year made, unless it is there as it stands. Raises Introuvable for a year without any."""
    some = _annee(session, foyer_id, annee)
    if not documents.existing(session, [queries_recus.cle_de_l_attestation(foyer_id, annee, some)]):
        publish(session, AttestationDemandee(foyer_id, annee))


def recu(session: Session, paiement_id: int) -> Document | None:
    """A payment's receipt as it stands; None while it is being made. Raises Introuvable."""
    _, read = _paiement(session, paiement_id)
    return documents.find(session, queries_recus.cle_du_recu(read, paiement_id))


def attestation(session: Session, foyer_id: int, annee: int) -> Document | None:
    """A year's summary as it stands; None while it is being made. Raises Introuvable for a year without any."""
    some = _annee(session, foyer_id, annee)
    return documents.find(session, queries_recus.cle_de_l_attestation(foyer_id, annee, some))


def preparer_recu(paiement_id: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        paid, read = _paiement(session, paiement_id)
        key = queries_recus.cle_du_recu(read, paiement_id)
        context = _du_recu(session, paid, [one for one in read if one.paiement_id == paiement_id])
    content = pdf.render("pdf/recu.html", context)
    with transaction() as session:
        documents.store(session, key, f"recu-{context['jour']:%Y-%m-%d}.pdf", content)


def preparer_attestation(foyer_id: int, annee: int) -> None:
    """Make the PDF with no transaction open, then keep it; harmless to repeat."""
    with reading() as session:
        some = _annee(session, foyer_id, annee)
        key = queries_recus.cle_de_l_attestation(foyer_id, annee, some)
        context = _de_l_attestation(session, foyer_id, annee, some)
    content = pdf.render("pdf/attestation.html", context)
    with transaction() as session:
        documents.store(session, key, f"attestation-{annee}.pdf", content)


def _paiement(session: Session, paiement_id: int) -> tuple[PaiementRecu, list[LigneRecue]]:
    paid = queries_recus.paiement_recu(session, paiement_id)
    if paid is None:
        raise Introuvable
    read = queries_recus.lignes(session, paid.foyer_id)
    if not any(one.paiement_id == paiement_id for one in read):
        raise Introuvable
    return paid, read


def _annee(session: Session, foyer_id: int, annee: int) -> list[LigneRecue]:
    some = [one for one in queries_recus.lignes(session, foyer_id) if one.jour.year == annee]
    if not some:
        raise Introuvable
    return some


def _du_recu(session: Session, paid: PaiementRecu, some: Sequence[LigneRecue]) -> dict[str, Any]:
    """All that a receipt says, as primitives: the first line brought the money, the others took of it."""
    return {
        **_emetteur(session, paid.foyer_id),
        "reference": paid.reference,
        "jour": some[0].jour,
        "montant": some[0].montant,
        "moyen": paid.moyen,
        "par": paid.par,
        "pour": paid.pour,
        "nature": paid.nature,
        "suites": [_rang(one) for one in some[1:]],
        "reste": sum(one.montant for one in some),
        "au": some[-1].jour,
    }


def _de_l_attestation(session: Session, foyer_id: int, annee: int, some: Sequence[LigneRecue]) -> dict[str, Any]:
    """All that a year's summary says, as primitives; `par_moyen` sums to the total."""
    by_means: dict[str, int] = {}
    for one in some:
        by_means[one.moyen] = by_means.get(one.moyen, 0) + one.montant
    return {
        **_emetteur(session, foyer_id),
        "annee": annee,
        "fait_le": clock.today(),
        "lignes": [_rang(one) for one in some],
        "par_moyen": [{"moyen": means, "montant": amount} for means, amount in by_means.items() if amount],
        "total": sum(one.montant for one in some),
    }


def _rang(line: LigneRecue) -> dict[str, Any]:
    return {"jour": line.jour, "libelle": line.libelle, "moyen": line.moyen, "montant": line.montant}


def _emetteur(session: Session, foyer_id: int) -> dict[str, Any]:
    household = foyer(session, foyer_id)
    place = household.maison
    return {
        "ccas": get_settings().nom_ccas,
        "qui": f"{household.referent.prenom} {household.referent.nom}",
        "maison": place.nom,
        "adresse": f"{place.adresse}, {place.code_postal} {place.ville}",
    }
