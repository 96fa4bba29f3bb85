"""What happens in the life of a household's file: opened, corrected, its quotient familial given, checked or refused.

Each use case takes the session of whoever opened the transaction, and never commits.
"""

from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from foyers.comptes import creer_compte
from foyers.events import CompteOuvert
from foyers.folding import plier
from foyers.identifiants import Identifiant, lire_email, lire_telephone
from foyers.models import Canal, Compte, Foyer, JustificatifQF, Maison, Membre, Motif, Source
from foyers.pieces import effacer
from foyers.quotient import VALEUR_MAX, mois_recevables, premier_du_mois, validite_usuelle
from kernel.clock import PARIS, now
from kernel.errors import Introuvable, Refus
from kernel.formats import mois as en_mots
from kernel.outbox import publish
from kernel.sealed import seal
from kernel.web.access import Role

MEMBRES_MAX = 20


@dataclass(frozen=True, slots=True)
class Ouverture:
    """What opening a household made; `compte` is None when the counter acts for a family without a password."""

    foyer: Foyer
    compte: Compte | None


def ouvrir_foyer(
    session: Session,
    *,
    prenom: str,
    nom: str,
    maison_id: int,
    identifiant: Identifiant | None = None,
    mot_de_passe: str | None = None,
    langue: str = "fr",
    le: datetime | None = None,
) -> Ouverture:
    """Open a household with the person whom letters name, and an account if there is a password.

    It is reached by what it signs in with: e-mail, SMS, or paper when neither is given. Raises Refus when the maison
    is closed, the password weak, or the e-mail or number already has an account.
    """
    _maison_ouverte(session, maison_id)
    named = identifiant or Identifiant()
    foyer = Foyer(
        nom=nom,
        nom_plie=plier(nom),
        maison_id=maison_id,
        langue=langue,
        canal=_canal(named.email, named.telephone),
        email=named.email,
        telephone=named.telephone,
        cree_le=le or now(),
    )
    session.add(foyer)
    session.flush()  # the referent and the account name the household by its key
    session.add(_membre(foyer.id, prenom, nom, adulte=True, referent=True))
    if mot_de_passe is None:
        return Ouverture(foyer, None)
    return Ouverture(foyer, ouvrir_compte_du_foyer(session, foyer.id, f"{prenom} {nom}", named, mot_de_passe))


def ouvrir_compte_du_foyer(
    session: Session, foyer_id: int, nom: str, identifiant: Identifiant, mot_de_passe: str
) -> Compte:
    """Let a person of the household sign in, and publish it.

    Raises Refus as `creer_compte` does, or without e-mail and number.
    """
    if identifiant == Identifiant():
        raise Refus(_("Pour ouvrir un compte, donnez une adresse e-mail ou un numéro de téléphone."), status=422)
    opened = creer_compte(
        session, nom=nom, role=Role.HABITANT, identifiant=identifiant, mot_de_passe=mot_de_passe, foyer_id=foyer_id
    )
    publish(session, CompteOuvert(opened.id))
    return opened


def declarer_qf(
    session: Session,
    foyer_id: int,
    valeur: int,
    mois: date,
    par: int | None,
    *,
    source: Source = Source.DECLARATION,
    le: datetime | None = None,
) -> JustificatifQF:
    """A household's quotient is given: `valeur` in whole euros, `mois` any day of its month, `par` an account.

    It counts at once, for four weeks; checked, until its validity ends. Raises Refus for a value or month that cannot
    be.
    """
    declared = le or now()
    month = premier_du_mois(mois)
    _foyer(session, foyer_id)
    if not 0 <= valeur <= VALEUR_MAX:
        raise Refus(_("Le quotient familial est un nombre entier d’euros, entre 0 et 99 999."), status=422)
    if month not in mois_recevables(declared.astimezone(PARIS).date()):
        raise Refus(_("Choisissez le mois écrit sur votre attestation : elle doit dater de moins d’un an."), status=422)
    given = JustificatifQF(
        foyer_id=foyer_id,
        valeur_scellee=seal(str(valeur), place_du_qf(foyer_id)),
        mois=month,
        source=source.value,
        declare_le=declared,
        declare_par=par,
    )
    session.add(given)
    session.flush()  # whoever checks it in the same breath names it by its key
    return given


def verifier_qf(
    session: Session,
    justificatif_id: int,
    *,
    agent: int | None,
    valide_jusqu_au: date | None = None,
    source: Source = Source.CAF,
    le: datetime | None = None,
) -> JustificatifQF:
    """An agent has seen the proof: the quotient counts until `valide_jusqu_au` (usually a year after its month).

    What was kept of the proof is deleted.

    Raises Refus if it was checked or refused before, or if the validity is over already.
    """
    given = _a_verifier(session, justificatif_id)
    until = valide_jusqu_au or validite_usuelle(given.mois)
    checked = le or now()
    if until < checked.astimezone(PARIS).date():
        raise Refus(
            _(
                "Ce quotient de %(mois)s n’est plus valable. Demandez à la famille le plus récent.",
                mois=en_mots(given.mois),
            )
        )
    given.verifie_le = checked
    given.verifie_par = agent
    given.valide_jusqu_au = until
    given.source = source.value
    effacer(session, given.id)
    return given


def refuser_qf(
    session: Session,
    justificatif_id: int,
    *,
    agent: int | None,
    motif: Motif | None = None,
    le: datetime | None = None,
) -> JustificatifQF:
    """An agent could not accept the quotient: it counts no more from now on, never backwards. Its proof is deleted.

    Raises Refus if it was checked or refused before.
    """
    given = _a_verifier(session, justificatif_id)
    given.refuse_le = le or now()
    given.refus_motif = motif.value if motif else None
    given.verifie_par = agent
    effacer(session, given.id)
    return given


def corriger_coordonnees(
    session: Session,
    foyer_id: int,
    *,
    canal: Canal,
    email: str | None = None,
    telephone: str | None = None,
    maison_id: int | None = None,
    langue: str | None = None,
) -> Foyer:
    """Change how a household is reached, and its maison or language if given. Raises Refus.

    What its accounts sign in with is not touched.
    """
    foyer = _foyer(session, foyer_id)
    foyer.email = lire_email(email) if email else None
    foyer.telephone = lire_telephone(telephone) if telephone else None
    if canal is Canal.EMAIL and foyer.email is None:
        raise Refus(_("Pour vous écrire par e-mail, il nous faut votre adresse e-mail."), status=422)
    if canal is Canal.SMS and foyer.telephone is None:
        raise Refus(_("Pour vous appeler, il nous faut votre numéro de téléphone."), status=422)
    foyer.canal = canal.value
    if maison_id is not None and maison_id != foyer.maison_id:
        _maison_ouverte(session, maison_id)
        foyer.maison_id = maison_id
    if langue is not None:
        foyer.langue = langue
    return foyer


def ajouter_membre(session: Session, foyer_id: int, *, prenom: str, nom: str, adulte: bool) -> Membre:
    """Add a person to the household. Raises Refus when it is already full."""
    _foyer(session, foyer_id)
    members = session.scalars(select(Membre.id).where(Membre.foyer_id == foyer_id)).all()
    if len(members) >= MEMBRES_MAX:
        raise Refus(_("Ce foyer compte déjà vingt personnes. Parlez-en à votre maison des habitants."))
    member = _membre(foyer_id, prenom, nom, adulte=adulte)
    session.add(member)
    return member


def corriger_membre(session: Session, foyer_id: int, membre_id: int, *, prenom: str, nom: str, adulte: bool) -> Membre:
    """Write a person's name as it should be; of the one whom letters name, the household's and its account's too.

    Raises Refus, Introuvable.
    """
    foyer = _foyer(session, foyer_id)
    member = session.get(Membre, membre_id, with_for_update=True)
    if member is None or member.foyer_id != foyer_id:
        raise Introuvable
    if member.referent and not adulte:
        raise Refus(_("Cette personne est celle que nous joignons pour le foyer : elle est adulte."), status=422)
    before = f"{member.prenom} {member.nom}"
    member.prenom, member.nom, member.nom_plie, member.adulte = prenom, nom, plier(f"{prenom} {nom}"), adulte
    session.execute(
        update(Compte).where(Compte.foyer_id == foyer_id, Compte.nom == before).values(nom=f"{prenom} {nom}")
    )
    if member.referent:
        foyer.nom, foyer.nom_plie = nom, plier(nom)
    return member


def retirer_membre(session: Session, foyer_id: int, membre_id: int) -> None:
    """Take a person out of the household; not the one whom letters name. Raises Refus, Introuvable."""
    member = session.get(Membre, membre_id, with_for_update=True)
    if member is None or member.foyer_id != foyer_id:
        raise Introuvable
    if member.referent:
        raise Refus(_("Cette personne est celle que nous joignons pour le foyer. Elle ne peut pas être retirée."))
    session.delete(member)


def place_du_qf(foyer_id: int) -> str:
    """The place that a household's quotients are sealed for."""
    return f"justificatif_qf:{foyer_id}"


def _canal(email: str | None, telephone: str | None) -> str:
    if email:
        return Canal.EMAIL.value
    return Canal.SMS.value if telephone else Canal.PAPIER.value


def _membre(foyer_id: int, prenom: str, nom: str, *, adulte: bool, referent: bool = False) -> Membre:
    return Membre(
        foyer_id=foyer_id, prenom=prenom, nom=nom, nom_plie=plier(f"{prenom} {nom}"), adulte=adulte, referent=referent
    )


def _maison_ouverte(session: Session, maison_id: int) -> None:
    maison = session.get(Maison, maison_id)
    if maison is None or not maison.active:
        raise Refus(_("Cette maison des habitants n’accueille pas de paniers. Choisissez-en une autre."), status=422)


def _foyer(session: Session, foyer_id: int) -> Foyer:
    foyer = session.get(Foyer, foyer_id, with_for_update=True)
    if foyer is None:
        raise Introuvable
    return foyer


def _a_verifier(session: Session, justificatif_id: int) -> JustificatifQF:
    given = session.get(JustificatifQF, justificatif_id, with_for_update=True)
    if given is None:
        raise Introuvable
    if given.verifie_le is not None or given.refuse_le is not None:
        raise Refus(_("Ce quotient a déjà été traité. Rien n’a été changé."))
    return given
