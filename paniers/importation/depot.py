"""A file deposited on the page: tried and imported by a worker, corrected in between, forgotten within a day.

Every move locks the import's row, so that a second click, or a second worker, finds what the first one did.
"""

import base64
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import case, or_, update
from sqlalchemy.orm import Session

from foyers.importation.colonnes import corriger
from foyers.importation.doublons import DISTINCT
from kernel.errors import Introuvable, Refus
from kernel.outbox import publish
from kernel.sealed import seal, unseal
from kernel.table_files import read_table
from kernel.tables import Table
from kernel.web.words import _
from paniers.events import EssaiDemande, ImportationConfirmee
from paniers.importation.decisions import Decisions
from paniers.importation.propositions import FUSIONNER
from paniers.importation.rapport import Rapport, de_json, en_json
from paniers.importation.reprise import COLONNES, LIBELLES, Demande, essayer, importer
from paniers.models.importation import FINIS, EtatImportation, Importation

GARDE = timedelta(hours=24)
NOM_MAX = 80


def deposer(session: Session, contenu: bytes, nom: str, *, par: int | None, instant: datetime) -> Importation:
    """Keep the file, sealed, and ask for its trial. Raises Refus when it is no table that can be read."""
    read_table(contenu)
    deposited = Importation(
        deposee_le=instant, par=par, nom_fichier=_nom(nom), contenu=b"", decisions={}, etat=EtatImportation.A_ESSAYER
    )
    session.add(deposited)
    session.flush()  # what is sealed is bound to its row
    deposited.contenu = seal(base64.b64encode(zlib.compress(contenu)).decode(), _place(deposited.id, "contenu"))
    publish(session, EssaiDemande(deposited.id, 1))
    return deposited


def corriger_colonnes(session: Session, importation_id: int, choix: Mapping[int, str]) -> None:
    """Read the columns as a person says, and try again. Raises Refus, as when one that is needed is named nowhere."""
    found = _a_changer(session, importation_id)
    missing = corriger(rapport_de(found).colonnes, choix, COLONNES).manquantes
    if missing:
        raise Refus(_("Dites dans quelle colonne lire : %(noms)s.", noms=", ".join(missing)), status=422)
    found.choix = {str(place): key for place, key in choix.items() if key in LIBELLES}
    _demander_essai(session, found)


def decider(
    session: Session, importation_id: int, decisions: Mapping[int, str], *, pour_toutes: str | None = None
) -> None:
    """Settle likely duplicates, one by one or all that are left, and try again. Raises Refus, as when none is."""
    found = _a_changer(session, importation_id)
    if not decisions and pour_toutes not in (DISTINCT, FUSIONNER):
        raise Refus(_("Répondez pour une ligne au moins : le même foyer, ou un autre."), status=422)
    found.decisions = found.decisions | {str(line): answer for line, answer in decisions.items()}
    if pour_toutes in (DISTINCT, FUSIONNER):
        found.pour_toutes = pour_toutes
    _demander_essai(session, found)


def confirmer(session: Session, importation_id: int) -> None:
    """Ask for the import of what was tried; asking twice is asking once. Raises Refus when it is not ready."""
    found = _verrouillee(session, importation_id)
    if found.etat in (EtatImportation.CONFIRMEE, EtatImportation.FAITE):
        return
    if found.etat != EtatImportation.ESSAYEE or rapport_de(found).bloque:
        raise Refus(_("Il reste des points à régler avant d’importer. Rien n’a été écrit."))
    found.etat = EtatImportation.CONFIRMEE
    publish(session, ImportationConfirmee(found.id))


def abandonner(session: Session, importation_id: int, *, instant: datetime) -> None:
    """Forget the file and its report at once. Harmless twice. Raises Refus when it is being imported."""
    found = _verrouillee(session, importation_id)
    if found.etat == EtatImportation.CONFIRMEE:
        raise Refus(_("L’importation est en cours : elle ne s’arrête plus. Attendez son résultat."))
    if found.etat not in FINIS:
        _finir(found, EtatImportation.ABANDONNEE, instant)
        found.rapport = None


def faire_essai(session: Session, importation_id: int, essai: int, *, instant: datetime) -> None:
    """The worker's trial, unless a later one was asked for."""
    found = session.get(Importation, importation_id, with_for_update=True)
    if found is None or found.etat != EtatImportation.A_ESSAYER or found.essai != essai:
        return
    try:
        told = essayer(session, _demande(found, instant))
    except Refus as refus:
        _illisible(found, refus, instant)
        return
    _raconter(found, told)
    found.etat = EtatImportation.ESSAYEE


def faire_importation(session: Session, importation_id: int, *, instant: datetime) -> None:
    """The worker's import, once. What has come to stand in its way since the trial is shown as a trial's report."""
    found = session.get(Importation, importation_id, with_for_update=True)
    if found is None or found.etat != EtatImportation.CONFIRMEE:
        return
    try:
        told = importer(session, _demande(found, instant))
    except Refus as refus:
        _illisible(found, refus, instant)
        return
    _raconter(found, told)
    if told.bloque:
        found.etat = EtatImportation.ESSAYEE
    else:
        _finir(found, EtatImportation.FAITE, instant)


def purger(session: Session, instant: datetime) -> int:
    """Forget files and reports after a day; how many. What was not confirmed by then is given up."""
    old = update(Importation).where(
        Importation.deposee_le <= instant - GARDE,
        or_(Importation.contenu.is_not(None), Importation.rapport.is_not(None)),
    )
    forgotten = old.values(
        contenu=None,
        rapport=None,
        etat=case((Importation.finie_le.is_(None), EtatImportation.ABANDONNEE.value), else_=Importation.etat),
        finie_le=case((Importation.finie_le.is_(None), instant), else_=Importation.finie_le),
    )
    return len(session.scalars(forgotten.returning(Importation.id)).all())


def rapport_de(found: Importation) -> Rapport:
    """Its latest report. Raises Introuvable once it is forgotten."""
    if found.rapport is None:
        raise Introuvable(_("Ce rapport n’est plus gardé. Déposez de nouveau le fichier si besoin."))
    return de_json(unseal(found.rapport, _place(found.id, "rapport")))


def _demande(found: Importation, instant: datetime) -> Demande:
    assert found.contenu is not None, "a file that is not finished is kept"
    choix = None if found.choix is None else {int(place): key for place, key in found.choix.items()}
    one_by_one = {int(line): answer for line, answer in found.decisions.items()}
    return Demande(
        _table(found.contenu, found.id), instant, par=found.par, choix=choix,
        decisions=Decisions(one_by_one, found.pour_toutes),
    )  # fmt: skip


def _table(contenu: bytes, importation_id: int) -> Table:
    packed = unseal(contenu, _place(importation_id, "contenu"))
    return read_table(zlib.decompress(base64.b64decode(packed)))


def _raconter(found: Importation, told: Rapport) -> None:
    found.rapport = seal(en_json(told), _place(found.id, "rapport"))
    found.bilan = asdict(told.bilan)


def _illisible(found: Importation, refus: Refus, instant: datetime) -> None:
    found.refus = refus.sentence
    _finir(found, EtatImportation.ILLISIBLE, instant)


def _finir(found: Importation, etat: EtatImportation, instant: datetime) -> None:
    found.etat, found.finie_le, found.contenu = etat, instant, None


def _demander_essai(session: Session, found: Importation) -> None:
    found.etat = EtatImportation.A_ESSAYER
    found.essai += 1
    publish(session, EssaiDemande(found.id, found.essai))


def _a_changer(session: Session, importation_id: int) -> Importation:
    found = _verrouillee(session, importation_id)
    if found.etat not in (EtatImportation.ESSAYEE, EtatImportation.A_ESSAYER):
        raise Refus(_("Cette importation ne change plus. Déposez de nouveau le fichier si besoin."))
    return found


def _verrouillee(session: Session, importation_id: int) -> Importation:
    found = session.get(Importation, importation_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise Introuvable
    return found


def _place(importation_id: int, column: str) -> str:
    return f"importation.{column}:{importation_id}"


def _nom(given: str) -> str:
    """The file's own name, without folders and odd signs."""
    last = given.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in last if sign.isprintable())[:NOM_MAX].strip() or _("sans nom")
