"""Households of a spreadsheet written at once: new ones opened, known ones completed, never overwritten."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from foyers.dossiers import MEMBRES_MAX, place_du_qf
from foyers.folding import plier
from foyers.importation.doublons import Connu
from foyers.importation.lignes import LigneFoyer, QuotientLu
from foyers.models import Canal, Foyer, JustificatifQF, Membre
from foyers.quotient import validite_usuelle
from kernel.sealed import seal
from kernel.web.words import _

# Empty columns are written as such: rows of one shape go in one statement.
_OPENED = insert(Foyer).returning(Foyer.id, sort_by_parameter_order=True).execution_options(render_nulls=True)


@dataclass(slots=True)
class Ecrits:
    """Line → household, how many quotients were added, and what is to be said of lines: (line, column, sentence)."""

    foyers: dict[int, int] = field(default_factory=dict)
    quotients: int = 0
    remarques: list[tuple[int, str, str]] = field(default_factory=list)


def connus(session: Session) -> list[Connu]:
    """Every person of every household, for comparing. One query."""
    rows = session.execute(
        select(Foyer, Membre.nom, Membre.prenom)
        .join(Membre, Membre.foyer_id == Foyer.id)
        .order_by(Foyer.id, Membre.referent.desc(), Membre.id)
    )
    return [
        Connu(f"foyer:{foyer.id}", plier(nom), plier(prenom), foyer.maison_id, foyer.telephone, foyer.email)
        for foyer, nom, prenom in rows
    ]


def ligne_connue(ligne: LigneFoyer) -> Connu:
    """A line as others are compared with it."""
    name, first = plier(ligne.nom), plier(ligne.prenom)
    return Connu(f"ligne:{ligne.numero}", name, first, ligne.maison_id, ligne.telephone, ligne.email)


def ecrire(
    session: Session, groupes: Mapping[str, Sequence[LigneFoyer]], *, par: int | None, instant: datetime
) -> Ecrits:
    """Write each group of lines as one household: its key is the household that it completes, or its first line.

    Four statements for new households, and four for known ones, whatever their number.
    """
    written = Ecrits()
    new = [list(lines) for target, lines in groupes.items() if not target.startswith("foyer:")]
    known = {int(target[6:]): list(lines) for target, lines in groupes.items() if target.startswith("foyer:")}
    _ouvrir(session, new, instant, written)
    if known:
        _completer(session, known, written)
    months = _mois_connus(session, known)
    quotients = {written.foyers[lines[0].numero]: lines for lines in [*new, *known.values()]}
    _noter_quotients(session, quotients, months, written, par=par, instant=instant)
    return written


def _ouvrir(session: Session, groups: list[list[LigneFoyer]], instant: datetime, written: Ecrits) -> None:
    if not groups:
        return
    rows = [_foyer(lines, instant) for lines in groups]
    keys = session.scalars(_OPENED, rows).all()
    members = []
    for key, lines in zip(keys, groups, strict=True):
        written.foyers |= dict.fromkeys((line.numero for line in lines), key)
        members += [
            _membre(key, line, referent=rank == 0) for rank, line in enumerate(_personnes(lines, ())[:MEMBRES_MAX])
        ]
    session.execute(insert(Membre), members)


def _completer(session: Session, known: Mapping[int, Sequence[LigneFoyer]], written: Ecrits) -> None:
    """Add to known households what they lack; what they say already is kept."""
    rows = session.scalars(
        select(Foyer).where(Foyer.id.in_(known)).order_by(Foyer.id).with_for_update(key_share=True)
    ).all()
    people: dict[int, list[str]] = {}
    for key, name in session.execute(select(Membre.foyer_id, Membre.nom_plie).where(Membre.foyer_id.in_(known))):
        people.setdefault(key, []).append(name)
    members = []
    for foyer in rows:
        lines = known[foyer.id]
        written.foyers |= dict.fromkeys((line.numero for line in lines), foyer.id)
        foyer.telephone = foyer.telephone or _premier([line.telephone for line in lines])
        foyer.email = foyer.email or _premier([line.email for line in lines])
        there = people.get(foyer.id, [])
        fresh = _personnes(lines, there)
        members += [_membre(foyer.id, line, referent=False) for line in fresh[: max(0, MEMBRES_MAX - len(there))]]
        written.remarques += _differences(foyer, lines)
    if members:
        session.execute(insert(Membre), members)


def _differences(foyer: Foyer, lines: Sequence[LigneFoyer]) -> list[tuple[int, str, str]]:
    """What the sheet says otherwise than the household: told, not changed."""
    kept = _("Le foyer dit autre chose : ce qu’il dit est gardé. Changez-le sur sa fiche si besoin.")
    told = []
    for line in lines:
        if line.maison_id != foyer.maison_id:
            told.append((line.numero, "maison", kept))
        if line.telephone is not None and line.telephone != foyer.telephone:
            told.append((line.numero, "telephone", kept))
        if line.email is not None and line.email != foyer.email:
            told.append((line.numero, "email", kept))
    return told


def _mois_connus(session: Session, known: Collection[int]) -> dict[int, date]:
    """The latest month of a quotient that each of these households has."""
    if not known:
        return {}
    latest = (
        select(JustificatifQF.foyer_id, func.max(JustificatifQF.mois))
        .where(JustificatifQF.foyer_id.in_(known), JustificatifQF.refuse_le.is_(None))
        .group_by(JustificatifQF.foyer_id)
    )
    return {row[0]: row[1] for row in session.execute(latest)}


def _noter_quotients(
    session: Session,
    groups: Mapping[int, Sequence[LigneFoyer]],
    months: Mapping[int, date],
    written: Ecrits,
    *,
    par: int | None,
    instant: datetime,
) -> None:
    """Add the quotients, declared at `instant` so that no past cut-off sees them; no older month hides a later one."""
    rows = []
    for key, lines in groups.items():
        given = [line for line in lines if line.quotient is not None]
        for line in given:
            quotient = line.quotient
            assert quotient is not None
            latest = months.get(key)
            if latest is not None and latest >= quotient.mois:
                said = _("Le foyer a déjà un quotient de ce mois ou plus récent : il est gardé.")
                written.remarques.append((line.numero, "qf", said))
            elif line is not given[0]:
                said = _("Un seul quotient est repris par foyer : celui de la ligne %(n)s.", n=given[0].numero)
                written.remarques.append((line.numero, "qf", said))
            else:
                rows.append(_justificatif(key, quotient, par, instant))
    if rows:
        session.execute(insert(JustificatifQF).execution_options(render_nulls=True), rows)
    written.quotients = len(rows)


def _justificatif(foyer_id: int, quotient: QuotientLu, par: int | None, instant: datetime) -> dict[str, object]:
    return {
        "foyer_id": foyer_id,
        "valeur_scellee": seal(str(quotient.valeur), place_du_qf(foyer_id)),
        "mois": quotient.mois,
        "source": quotient.source.value,
        "declare_le": instant,
        "declare_par": par,
        "verifie_le": instant if quotient.verifie else None,
        "verifie_par": par if quotient.verifie else None,
        "valide_jusqu_au": validite_usuelle(quotient.mois) if quotient.verifie else None,
    }


def _foyer(lines: Sequence[LigneFoyer], instant: datetime) -> dict[str, object]:
    first = lines[0]
    telephone = _premier([line.telephone for line in lines])
    email = _premier([line.email for line in lines])
    canal = Canal.EMAIL if email else Canal.SMS if telephone else Canal.PAPIER
    return {
        "nom": first.nom,
        "nom_plie": plier(first.nom),
        "maison_id": first.maison_id,
        "langue": _premier([line.langue for line in lines]) or "fr",
        "canal": canal.value,
        "email": email,
        "telephone": telephone,
        "cree_le": instant,
    }


def _personnes(lines: Sequence[LigneFoyer], there: Collection[str]) -> list[LigneFoyer]:
    """The lines that name somebody who is not in the household yet."""
    seen = set(there)
    fresh = []
    for line in lines:
        name = plier(f"{line.prenom} {line.nom}")
        if name not in seen:
            seen.add(name)
            fresh.append(line)
    return fresh


def _membre(foyer_id: int, line: LigneFoyer, *, referent: bool) -> dict[str, object]:
    return {
        "foyer_id": foyer_id,
        "prenom": line.prenom,
        "nom": line.nom,
        "nom_plie": plier(f"{line.prenom} {line.nom}"),
        "adulte": True,
        "referent": referent,
    }


def _premier(values: Sequence[str | None]) -> str | None:
    return next((value for value in values if value), None)
