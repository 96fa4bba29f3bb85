"""The import itself. A trial is the very import, rolled back: what it tells is what would be done.

1. The table's lines are read; what is wrong with each is gathered, not raised.
2. Lines are compared with one another and with the database; what is only likely waits for a decision.
3. Households are written at once, then their subscriptions, by the rules that the pages' use case has; where a maison
   is full, the household goes on its waiting list, as it would at the counter.
4. If anything grave was found, everything is rolled back: all or nothing, also for the last line's fault.

Imports take turns. `abonnements_en_lot.verrouiller` tells in which order households and maisons are locked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from foyers.importation import doublons, ecriture, lignes
from foyers.importation.colonnes import Correspondance, corriger, reconnaitre
from foyers.importation.fautes import Faute, Lecteur
from foyers.importation.lignes import LigneFoyer, Maisons, lire_foyer
from foyers.models import Maison
from kernel.clock import PARIS
from kernel.errors import Refus
from kernel.tables import MAX_ROWS, Row, Table, too_many_rows
from kernel.web.words import _
from paniers import abonnements_en_lot
from paniers.abonnements_en_lot import AReprendre, Complete
from paniers.attente import rejoindre_attente
from paniers.importation import lignes as lignes_abonnement
from paniers.importation.lignes import LigneAbonnement, lire_abonnement
from paniers.importation.propositions import proposer
from paniers.importation.rapport import Bilan, Proposition, Rapport, rapport
from paniers.semaines import prochaine_ouverte

COLONNES = (*lignes.COLONNES, *lignes_abonnement.COLONNES)
LIBELLES = {column.cle: column.libelle for column in COLONNES}
VERROU_DES_IMPORTATIONS = 0x1E9_0B7A

Decisions = Mapping[int, str]
"""Line → ``distinct``, or the household that it is: ``foyer:12``, ``ligne:3``."""


@dataclass(slots=True)
class _Lu:
    """What the lines say, by their number."""

    foyers: dict[int, LigneFoyer] = field(default_factory=dict)
    abonnements: dict[int, LigneAbonnement] = field(default_factory=dict)
    lecteurs: dict[int, Lecteur] = field(default_factory=dict)

    def dire(self, numero: int, cle: str, phrase: str, *, grave: bool = False) -> None:
        self.lecteurs[numero].dire(cle, phrase, grave=grave)

    @property
    def fautes(self) -> list[Faute]:
        return [fault for reader in self.lecteurs.values() for fault in reader.fautes]


def colonnes(table: Table, choix: Mapping[int, str] | None = None) -> Correspondance:
    """How the table's columns are understood; as a person chose where they did."""
    found = reconnaitre([(row.number, _textes(row)) for row in table.rows], COLONNES)
    return found if choix is None else corriger(found, choix, COLONNES)


@dataclass(frozen=True, slots=True)
class Demande:
    """What to import, as whom and when. `choix` corrects the columns, `decisions` settles likely duplicates."""

    table: Table
    instant: datetime
    par: int | None = None
    choix: Mapping[int, str] | None = None
    decisions: Decisions = field(default_factory=dict)


def essayer(session: Session, demande: Demande) -> Rapport:
    """What the import would do; nothing of it stays. Raises Refus when the table is too long."""
    return _reprendre(session, demande, ecrire=False)


def importer(session: Session, demande: Demande) -> Rapport:
    """Import everything, or nothing when the report is `bloque`. Raises Refus as `essayer` does."""
    return _reprendre(session, demande, ecrire=True)


def _reprendre(session: Session, demande: Demande, *, ecrire: bool) -> Rapport:
    table = demande.table
    columns = colonnes(table, demande.choix)
    rows = [row for row in table.rows if row.number > columns.entete]
    if len(rows) > MAX_ROWS:
        raise too_many_rows()
    notes = [*table.notes, *_notes(columns, rows)]
    if columns.manquantes:
        return rapport(table.kind, notes, columns, Bilan(lignes=len(rows)))
    savepoint = session.begin_nested()
    bilan, faults, proposed = _tout_faire(session, rows, columns, demande)
    made = rapport(table.kind, notes, columns, bilan, fautes=faults, propositions=proposed)
    if ecrire and not made.bloque:
        savepoint.commit()
    else:
        savepoint.rollback()
    return made


def _tout_faire(
    session: Session, rows: Sequence[Row], columns: Correspondance, demande: Demande
) -> tuple[Bilan, list[Faute], list[Proposition]]:
    session.execute(select(func.pg_advisory_xact_lock(VERROU_DES_IMPORTATIONS)))
    places = session.scalars(select(Maison).order_by(Maison.id)).all()
    read = _lire(rows, columns, places, demande.instant.astimezone(PARIS).date())
    proposed, joined = proposer(read.foyers, ecriture.connus(session), demande.decisions, places)
    groups = _groupes(read.foyers, joined, {p.ligne for p in proposed if p.decision is None})
    known = [int(target.removeprefix("foyer:")) for target in groups if target.startswith("foyer:")]
    maisons = abonnements_en_lot.verrouiller(session, known)
    written = ecriture.ecrire(session, groups, par=demande.par, instant=demande.instant)
    for number, key, sentence in written.remarques:
        read.dire(number, key, sentence)
    taken, waiting = _abonner(session, read, _a_abonner(read, groups, written.foyers), maisons, demande)
    bilan = Bilan(
        lignes=len(rows),
        nouveaux=len(groups) - len(known),
        reconnus=len(known),
        repetees=sum(len(lines) for lines in groups.values()) - len(groups),
        abonnements=taken,
        attente=waiting,
        quotients=written.quotients,
    )
    return bilan, read.fautes, proposed


def _lire(rows: Sequence[Row], columns: Correspondance, places: Sequence[Maison], aujourdhui: date) -> _Lu:
    found, maisons = _Lu(), Maisons(places)
    for row in rows:
        reader = Lecteur(row, columns.places, LIBELLES)
        found.lecteurs[row.number] = reader
        household = lire_foyer(reader, maisons, aujourdhui)
        subscription = lire_abonnement(reader, aujourdhui)
        if household is not None and not reader.bloquee:
            found.foyers[row.number] = household
            if subscription is not None:
                found.abonnements[row.number] = subscription
    return found


def _groupes(
    foyers: Mapping[int, LigneFoyer], joined: Mapping[str, str], undecided: set[int]
) -> dict[str, list[LigneFoyer]]:
    """The lines by the household that they end at, without those that wait for a decision, or for one that does."""
    groups: dict[str, list[LigneFoyer]] = {}
    waiting = {f"ligne:{number}" for number in undecided}
    for number, line in foyers.items():
        target = doublons.racine(f"ligne:{number}", joined)
        if f"ligne:{number}" not in waiting and target not in waiting:
            groups.setdefault(target, []).append(line)
    return groups


def _a_abonner(
    read: _Lu, groups: Mapping[str, Sequence[LigneFoyer]], foyers: Mapping[int, int]
) -> dict[int, AReprendre]:
    """Line → the subscription to take: one a household, the first line's that tells one."""
    wanted: dict[int, AReprendre] = {}
    for lines in groups.values():
        asking = [line for line in lines if line.numero in read.abonnements]
        for line in asking[1:]:
            read.dire(
                line.numero, "nombre", _("Un seul abonnement par foyer : celui de la ligne %(n)s.", n=asking[0].numero)
            )
        for line in asking[:1]:
            told = read.abonnements[line.numero]
            wanted[line.numero] = AReprendre(foyers[line.numero], line.maison_id, told.nombre, told.terme)
    return wanted


def _abonner(
    session: Session, read: _Lu, wanted: Mapping[int, AReprendre], maisons: dict[int, Maison], demande: Demande
) -> tuple[int, int]:
    """Take the subscriptions, or wait where there is no room; what is refused is told of its line.

    How many were taken, and how many wait.
    """
    standing = _deja_abonnes(session, wanted, demande.instant)
    for number in standing:
        read.dire(number, "nombre", _("Ce foyer a déjà un abonnement : il n’en reçoit pas un second."))
    asked = {number: one for number, one in wanted.items() if number not in standing}
    answers = abonnements_en_lot.souscrire_en_lot(session, list(asked.values()), maisons, instant=demande.instant)
    waiting = 0
    for (number, one), refus in zip(asked.items(), answers, strict=True):
        if isinstance(refus, Complete):
            waiting += _attendre(session, read, number, one, demande)
        elif refus is not None:
            read.dire(number, "nombre", refus.sentence, grave=True)
    return answers.count(None), waiting


def _attendre(session: Session, read: _Lu, number: int, one: AReprendre, demande: Demande) -> int:
    """Put the household on its maison's waiting list, and say so. 1 when it waits."""
    try:
        rejoindre_attente(
            session,
            foyer_id=one.foyer_id,
            maison_id=one.maison_id,
            nombre=one.nombre,
            instant=demande.instant,
            par=demande.par,
        )
    except Refus as refus:
        read.dire(number, "nombre", refus.sentence, grave=True)
        return 0
    said = _("La maison est complète : ce foyer entre sur sa liste d’attente, dans l’ordre du tableur.")
    read.dire(number, "maison", said)
    return 1


def _deja_abonnes(session: Session, wanted: Mapping[int, AReprendre], instant: datetime) -> set[int]:
    """Lines whose household has baskets to come already."""
    try:
        premier = prochaine_ouverte(session, instant).retrait_le
    except Refus:
        return set()
    there = abonnements_en_lot.deja_abonnes(session, [w.foyer_id for w in wanted.values()], premier)
    return {number for number, demande in wanted.items() if demande.foyer_id in there}


def _notes(columns: Correspondance, rows: Sequence[Row]) -> list[str]:
    told = [_("« %(titre)s » a été lu comme %(colonne)s.", titre=a, colonne=b) for a, b in columns.devinees]
    if columns.ignorees:
        told.append(_("Colonnes laissées de côté : %(noms)s.", noms=", ".join(columns.ignorees[:20])))
    if columns.manquantes:
        told.append(_("Colonnes qui manquent : %(noms)s.", noms=", ".join(columns.manquantes)))
    elif "nombre" not in columns.places:
        told.append(_("Il n’y a pas de colonne « Paniers » : seuls les foyers sont repris, sans abonnement."))
    if not rows:
        told.append(_("Il n’y a aucune ligne sous les titres."))
    return told


def _textes(row: Row) -> tuple[str, ...]:
    return tuple(str(cell).strip() if isinstance(cell, str) else "" for cell in row.cells)
