"""A forgotten password: a link by e-mail, ten minutes, once.

The link holds a fingerprint of the present password, so it dies with its use, with any other change of password, and
with a newer use of an older link. Asking says the same whether the address is known or not.
"""

import hashlib
from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from foyers.comptes import changer_mot_de_passe
from foyers.identifiants import lire_identifiant
from foyers.models import Compte
from kernel import clock
from kernel.errors import Refus
from kernel.links import Link
from kernel.mail import queue_mail
from kernel.settings import get_settings

MINUTES = 10
LIEN = Link(
    purpose="nouveau mot de passe",
    lasts=timedelta(minutes=MINUTES),
    broken="Ce lien est incomplet ou abîmé. Demandez-en un autre.",
    too_old="Ce lien a plus de dix minutes : il ne s’ouvre plus. Demandez-en un autre.",
)


def demander(session: Session, identifiant: str) -> None:
    """Send the link to the account of that e-mail address or number, if it has an address; else nothing, silently."""
    try:
        named = lire_identifiant(identifiant)
    except Refus:
        return
    mine = Compte.email == named.email if named.email else Compte.telephone == named.telephone
    compte = session.scalars(select(Compte).where(mine, Compte.actif, Compte.email.is_not(None))).one_or_none()
    if compte is None:
        return
    token = LIEN.sign([compte.id, _empreinte(compte)])
    queue_mail(
        session,
        key=f"oubli:{compte.id}:{clock.now().isoformat()}",
        to=compte.email or "",
        template="foyers/mot_de_passe_oublie",
        context={"nom": compte.nom, "minutes": MINUTES, "lien": f"{get_settings().public_url}/mot-de-passe/{token}"},
    )


def verifier(session: Session, jeton: str) -> Compte:
    """The account that a link opens. Raises Refus when the link is forged, too old, or has been used."""
    compte_id, seen = LIEN.read(jeton)
    compte = session.get(Compte, compte_id, with_for_update=True)
    if compte is None or not compte.actif or _empreinte(compte) != seen:
        raise Refus(_("Ce lien a déjà servi. Demandez-en un autre si besoin."), status=410)
    return compte


def remplacer(session: Session, jeton: str, nouveau: str) -> None:
    """Give the account another password and sign it out everywhere. Raises Refus like `verifier`, or if it is weak."""
    changer_mot_de_passe(session, verifier(session, jeton).id, nouveau)


def _empreinte(compte: Compte) -> str:
    return hashlib.sha256(compte.mot_de_passe.encode()).hexdigest()[:16]
