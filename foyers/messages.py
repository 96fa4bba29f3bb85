"""Every message to a household: written once, in the transaction of what it tells, by the household's channel.

A household that reads e-mail receives one; the others receive a letter, which their maison prints, or a call when the
message is urgent, or nothing where the page and the counter tell it anyway. No SMS provider exists: a household
reached by telephone is called or written to (ADR 0007). `cle` says why a message is written and is never used twice,
whichever way the first one went.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from foyers.models import Canal, Foyer, Maison, Membre
from foyers.models_messages import Appel, Lettre, Message, PreferenceMessage, Sorte, Voie
from foyers.preferences import lien_des_messages
from kernel import clock
from kernel.mail import Outgoing, queue_mails
from kernel.templating import environment, render


@dataclass(frozen=True, slots=True, kw_only=True)
class Annonce:
    """One message to one household.

    `modele` names files of templates/courriels/: ``.subject.txt``, ``.txt`` and ``.html`` for e-mail, ``.lettre.txt``
    (whole sentences, no address of a page) unless `lettre` is False, ``.appel.txt`` (what to say) when `urgent`. They
    receive `contexte` (primitives) and the household's `prenom`, `maison`, `maison_telephone`.
    `pieces` are keys of documents. After `utile_jusqu_au` nobody prints the letter or makes the call any more.
    """

    foyer_id: int
    cle: str
    modele: str
    contexte: Mapping[str, Any]
    sorte: Sorte = Sorte.SERVICE
    urgent: bool = False
    lettre: bool = True
    pieces: Sequence[str] = ()
    utile_jusqu_au: date | None = None


@dataclass(frozen=True, slots=True)
class _Destinataire:
    canal: str
    email: str | None
    telephone: str | None
    langue: str
    prenom: str
    maison: str
    maison_telephone: str


def dire(
    session: Session,
    foyer_id: int,
    *,
    cle: str,
    modele: str,
    contexte: Mapping[str, Any],
    sorte: Sorte = Sorte.SERVICE,
    urgent: bool = False,
    lettre: bool = True,
    pieces: Sequence[str] = (),
    utile_jusqu_au: date | None = None,
) -> Voie | None:
    """Say something to one household, as an `Annonce` describes it. None: that key was used before."""
    told = dire_a_plusieurs(
        session,
        [
            Annonce(
                foyer_id=foyer_id,
                cle=cle,
                modele=modele,
                contexte=contexte,
                sorte=sorte,
                urgent=urgent,
                lettre=lettre,
                pieces=pieces,
                utile_jusqu_au=utile_jusqu_au,
            )
        ],
    )
    return told.get(cle)


def dire_a_plusieurs(session: Session, annonces: Sequence[Annonce]) -> dict[str, Voie]:
    """Say something to each household, in the same handful of statements however many there are (some hundreds).

    Returns how each message went that had not been written before, by key. A household that is gone is left out.
    """
    annonces = list({one.cle: one for one in annonces}.values())
    _exiger_les_modeles(annonces)
    ids = {one.foyer_id for one in annonces}
    known, refused = _destinataires(session, ids), _refusees(session, ids)
    voies = {
        one.cle: Voie.AUCUNE if (one.foyer_id, one.sorte) in refused else _voie(one, known[one.foyer_id])
        for one in annonces
        if one.foyer_id in known
    }
    written = _inscrire(session, [one for one in annonces if one.cle in voies], voies)
    fresh = [(one, known[one.foyer_id]) for one in annonces if one.cle in written]
    queue_mails(session, [_courriel(one, to) for one, to in fresh if voies[one.cle] is Voie.COURRIEL])
    for voie, table, kind in ((Voie.LETTRE, Lettre, "lettre"), (Voie.APPEL, Appel, "appel")):
        rows = [_papier(one, to, written[one.cle], kind) for one, to in fresh if voies[one.cle] is voie]
        if rows:
            session.execute(insert(table), rows)
    return {cle: voies[cle] for cle in written}


def _voie(annonce: Annonce, to: _Destinataire) -> Voie:
    if to.canal == Canal.EMAIL and to.email:
        return Voie.COURRIEL
    if annonce.urgent and to.telephone:
        return Voie.APPEL
    return Voie.LETTRE if annonce.lettre or annonce.urgent else Voie.AUCUNE


def _inscrire(session: Session, annonces: Sequence[Annonce], voies: Mapping[str, Voie]) -> dict[str, int]:
    """Write down the messages whose key is new; returns their ids by key. In the order of keys, so two never lock."""
    if not annonces:
        return {}
    instant = clock.now()
    rows = [
        {
            "cle": one.cle,
            "foyer_id": one.foyer_id,
            "modele": one.modele,
            "sorte": one.sorte,
            "voie": voies[one.cle],
            "ecrit_le": instant,
            "utile_jusqu_au": one.utile_jusqu_au,
        }
        for one in sorted(annonces, key=lambda one: one.cle)
    ]
    made = insert(Message).values(rows).on_conflict_do_nothing(index_elements=["cle"])
    return {row.cle: row.id for row in session.execute(made.returning(Message.cle, Message.id))}


def _courriel(annonce: Annonce, to: _Destinataire) -> Outgoing:
    optional = annonce.sorte is not Sorte.SERVICE
    return Outgoing(
        key=annonce.cle,
        to=to.email or "",
        template=annonce.modele,
        context=_contexte(annonce, to),
        attachments=annonce.pieces,
        langue=to.langue,
        unsubscribe=lien_des_messages(annonce.foyer_id, annonce.sorte) if optional else None,
    )


def _papier(annonce: Annonce, to: _Destinataire, message_id: int, kind: str) -> dict[str, object]:
    context = _contexte(annonce, to)
    # An urgent message to a household without telephone becomes a letter, in the words that would have been said.
    words = "appel" if kind == "appel" or not annonce.lettre else "lettre"
    return {
        "message_id": message_id,
        "objet": " ".join(render(f"courriels/{annonce.modele}.subject.txt", context, to.langue).split()),
        "texte": render(f"courriels/{annonce.modele}.{words}.txt", context, to.langue).strip(),
    }


def _contexte(annonce: Annonce, to: _Destinataire) -> dict[str, Any]:
    of_household = {"prenom": to.prenom, "maison": to.maison, "maison_telephone": to.maison_telephone}
    return of_household | dict(annonce.contexte)


def _exiger_les_modeles(annonces: Sequence[Annonce]) -> None:
    """Raise TemplateNotFound at once, not only when the first household without e-mail comes by."""
    for modele, lettre, urgent in {(one.modele, one.lettre, one.urgent) for one in annonces}:
        kinds = ["subject.txt", "txt", "html"] + ["lettre.txt"] * lettre + ["appel.txt"] * urgent
        for kind in kinds:
            environment().get_template(f"courriels/{modele}.{kind}")


def _destinataires(session: Session, foyer_ids: Collection[int]) -> dict[int, _Destinataire]:
    rows = session.execute(
        select(
            Foyer.id,
            Foyer.canal,
            Foyer.email,
            Foyer.telephone,
            Foyer.langue,
            Membre.prenom,
            Maison.nom.label("maison"),
            Maison.telephone.label("maison_telephone"),
        )
        .join(Maison, Maison.id == Foyer.maison_id)
        .join(Membre, (Membre.foyer_id == Foyer.id) & Membre.referent)
        .where(Foyer.id.in_(foyer_ids))
    )
    return {row.id: _Destinataire(*row[1:]) for row in rows}


def _refusees(session: Session, foyer_ids: Collection[int]) -> set[tuple[int, Sorte]]:
    rows = session.execute(
        select(PreferenceMessage.foyer_id, PreferenceMessage.sorte).where(
            PreferenceMessage.foyer_id.in_(foyer_ids), PreferenceMessage.recoit.is_(False)
        )
    )
    return {(row.foyer_id, Sorte(row.sorte)) for row in rows}
