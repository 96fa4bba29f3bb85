"""Accounts and signed-in browsers.

A browser carries a random token in its signed cookie; the table `connexion` keeps only the token's SHA-256. Sign-out
deletes the row, so that a cookie stolen before is dead; sign-in always makes a new one.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask, g
from flask import session as cookie
from flask_babel import gettext as _
from flask_login import LoginManager, login_user, logout_user
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from foyers.identifiants import Identifiant, lire_email, lire_identifiant, lire_telephone
from foyers.messages_comptes import prevenir_ancienne_adresse
from foyers.models import Compte, CompteMaison, Connexion
from foyers.mots_de_passe import a_rehacher, est_le_bon, hacher, verifier_force
from kernel.clock import now
from kernel.db import one_statement
from kernel.errors import Refus
from kernel.web.access import Role

__all__ = ["Identifiant", "hacher", "lire_email", "lire_identifiant", "lire_telephone"]

DUREE_HABITANT = timedelta(days=30)
DUREE_EQUIPE = timedelta(hours=12)
_JETON_OCTETS = 32


@dataclass(frozen=True, slots=True)
class Personne:
    """The signed-in person, as `current_user` holds it; `jeton` names the browser's connexion."""

    compte_id: int
    nom: str
    role: Role
    foyer_id: int | None
    maisons: frozenset[int]
    jeton: str = field(repr=False, default="")

    @property
    def is_authenticated(self) -> bool:
        return True

    @property
    def is_active(self) -> bool:
        return True

    @property
    def is_anonymous(self) -> bool:
        return False

    def get_id(self) -> str:
        return self.jeton


def creer_compte(
    session: Session,
    *,
    nom: str,
    role: Role,
    identifiant: Identifiant,
    mot_de_passe: str,
    foyer_id: int | None = None,
    maisons: Sequence[int] = (),
) -> Compte:
    """Create an account; `maisons` are those where an agent or a bénévole works.

    Raises Refus for a weak password, or if the e-mail or number has an account already.
    """
    verifier_force(mot_de_passe, [nom, str(identifiant)])
    compte = Compte(
        nom=nom,
        role=role.value,
        email=identifiant.email,
        telephone=identifiant.telephone,
        mot_de_passe=hacher(mot_de_passe),
        foyer_id=foyer_id,
        cree_le=now(),
    )
    session.add(compte)
    try:
        session.flush()  # the unique keys decide, whoever else signs up at the same time
    except IntegrityError as error:
        raise _doublon(error) from None
    if maisons:
        session.execute(insert(CompteMaison), [{"compte_id": compte.id, "maison_id": m} for m in maisons])
    return compte


def authentifier(session: Session, identifiant: str, mot_de_passe: str) -> Compte | None:
    """The active account that these open, or None; an unknown account takes as long to refuse as a wrong password."""
    compte = _compte_de(session, identifiant)
    if not est_le_bon(compte.mot_de_passe if compte else None, mot_de_passe) or compte is None:
        return None
    if a_rehacher(compte.mot_de_passe):
        compte.mot_de_passe = hacher(mot_de_passe)
    return compte


def changer_mot_de_passe(session: Session, compte_id: int, nouveau: str, *, sauf: str = "") -> None:
    """Give the account another password, and sign it out everywhere but in the browser of the token `sauf`.

    Raises Refus for a weak password.
    """
    compte = session.get_one(Compte, compte_id, with_for_update=True)
    verifier_force(nouveau, [compte.nom, compte.email or "", compte.telephone or ""])
    compte.mot_de_passe = hacher(nouveau)
    session.execute(delete(Connexion).where(Connexion.compte_id == compte_id, Connexion.empreinte != _empreinte(sauf)))


def changer_identifiant(session: Session, compte_id: int, identifiant: Identifiant, *, sauf: str = "") -> None:
    """Sign in with another e-mail or number from now on, and be signed out everywhere but in the browser of `sauf`.

    The address of before is told of it: whoever did not ask knows what to do. Raises Refus without one, or if another
    account has it.
    """
    if identifiant == Identifiant():
        raise Refus(_("Écrivez une adresse e-mail ou un numéro de téléphone."), status=422)
    compte = session.get_one(Compte, compte_id, with_for_update=True)
    before = compte.email
    compte.email, compte.telephone = identifiant.email, identifiant.telephone
    try:
        session.flush()  # the unique keys decide, whoever else takes it at the same time
    except IntegrityError as error:
        raise _doublon(error) from None
    if before is not None and before != compte.email:
        prevenir_ancienne_adresse(session, compte, before)
    session.execute(delete(Connexion).where(Connexion.compte_id == compte_id, Connexion.empreinte != _empreinte(sauf)))


def ouvrir_connexion(session: Session, compte: Compte, *, le: datetime | None = None) -> str:
    """Remember a browser; returns the token for its cookie: 30 days for a family, 12 hours for the team."""
    opened = le or now()
    duration = DUREE_HABITANT if compte.role == Role.HABITANT else DUREE_EQUIPE
    token = secrets.token_urlsafe(_JETON_OCTETS)
    session.add(
        Connexion(empreinte=_empreinte(token), compte_id=compte.id, ouverte_le=opened, expire_le=opened + duration)
    )
    return token


def fermer_connexion(session: Session, jeton: str) -> None:
    """Forget a browser: its cookie opens nothing any more."""
    session.execute(delete(Connexion).where(Connexion.empreinte == _empreinte(jeton)))


def desactiver_compte(session: Session, compte_id: int) -> None:
    """Close an account: it signs in no more, and is signed out everywhere."""
    session.execute(update(Compte).where(Compte.id == compte_id).values(actif=False))
    session.execute(delete(Connexion).where(Connexion.compte_id == compte_id))


def purger_connexions(session: Session) -> int:
    """Remove the browsers whose time is over; returns how many."""
    return len(
        session.scalars(delete(Connexion).where(Connexion.expire_le <= now()).returning(Connexion.compte_id)).all()
    )


# Asked for at every page: built once, for building it takes longer than asking.
_PERSONNE = (
    select(
        Compte.id,
        Compte.nom,
        Compte.role,
        Compte.foyer_id,
        select(func.array_agg(CompteMaison.maison_id))
        .where(CompteMaison.compte_id == Compte.id)
        .scalar_subquery()
        .label("maisons"),
    )
    .join(Connexion, Connexion.compte_id == Compte.id)
    .where(Connexion.empreinte == bindparam("empreinte"), Connexion.expire_le > bindparam("maintenant"), Compte.actif)
)


def personne(session: Session, jeton: str) -> Personne | None:
    """Whom the token's browser belongs to, in one query; None once it is closed, too old, or the account inactive."""
    row = session.execute(_PERSONNE, {"empreinte": _empreinte(jeton), "maintenant": now()}).one_or_none()
    if row is None:
        return None
    return Personne(row.id, row.nom, Role(row.role), row.foyer_id, frozenset(row.maisons or ()), jeton)


def init_login(app: Flask) -> None:
    """Let flask-login find the signed-in person in the table `connexion`."""
    manager = LoginManager()
    manager.session_protection = None  # a phone changes address all day; the token alone decides
    manager.user_loader(_charger)
    manager.init_app(app)
    app.config.setdefault("PERMANENT_SESSION_LIFETIME", DUREE_HABITANT)
    app.permanent_session_lifetime = DUREE_HABITANT


def entrer(session: Session, compte: Compte) -> None:
    """Sign the browser of this request in: whatever its cookie held is dropped, its token is new."""
    sortir(session)
    token = ouvrir_connexion(session, compte)
    found = personne_du_compte(session, compte, token)
    cookie.permanent = compte.role == Role.HABITANT
    login_user(found)


def sortir(session: Session) -> None:
    """Sign the browser of this request out, if it is signed in."""
    token = cookie.get("_user_id")
    if isinstance(token, str):
        fermer_connexion(session, token)
    logout_user()
    cookie.clear()


def personne_du_compte(session: Session, compte: Compte, jeton: str) -> Personne:
    maisons = session.scalars(select(CompteMaison.maison_id).where(CompteMaison.compte_id == compte.id))
    return Personne(compte.id, compte.nom, Role(compte.role), compte.foyer_id, frozenset(maisons), jeton)


def _charger(jeton: str) -> Personne | None:
    if g.get("sans_base"):
        return None  # the page that says so is being made: it must not ask the database again
    try:
        with one_statement() as session:
            return personne(session, jeton)
    except SQLAlchemyError:
        g.sans_base = True
        raise


def _compte_de(session: Session, identifiant: str) -> Compte | None:
    try:
        named = lire_identifiant(identifiant)
    except Refus:
        return None
    mine = Compte.email == named.email if named.email else Compte.telephone == named.telephone
    return session.scalars(select(Compte).where(mine, Compte.actif)).one_or_none()


def _doublon(error: IntegrityError) -> Exception:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if constraint in ("uq_compte_email", "uq_compte_telephone"):
        return Refus(
            _("Cet e-mail ou ce numéro a déjà un compte. Connectez-vous, ou demandez de l’aide dans votre maison.")
        )
    return error


def _empreinte(jeton: str) -> bytes:
    return hashlib.sha256(jeton.encode()).digest()
