"""Actors of venues: asked, told how many come, sent the group voucher; their answers go to the coordination."""

from sqlalchemy.orm import Session

from culture import contremarques
from culture.courriels import partenaires as courriels_partenaires
from culture.events import (
    ContremarqueFaite,
    ContremarquePrete,
    EffectifArrete,
    LieuARepondu,
    LieuSollicite,
    SortieAnnulee,
)
from workers.runtime import COURRIEL, DOCUMENTS, local, remote


@local(COURRIEL)
def solliciter_lieu(session: Session, fact: LieuSollicite) -> None:
    courriels_partenaires.demande(session, fact.demande_id)


@local(COURRIEL)
def annoncer_reponse_du_lieu(session: Session, fact: LieuARepondu) -> None:
    courriels_partenaires.reponse(session, fact.reponse_id)


@local(COURRIEL)
def envoyer_effectif(session: Session, fact: EffectifArrete) -> None:
    courriels_partenaires.effectif(session, fact.effectif_id)


@remote(DOCUMENTS, lease=60)
def preparer_contremarque(fact: ContremarqueFaite) -> None:
    """The group voucher's paper; rendering holds no transaction open."""
    contremarques.preparer(fact.contremarque_id)


@local(COURRIEL)
def envoyer_contremarque(session: Session, fact: ContremarquePrete) -> None:
    courriels_partenaires.contremarque(session, fact.contremarque_id)


@local(COURRIEL)
def annoncer_annulation_au_lieu(session: Session, fact: SortieAnnulee) -> None:
    courriels_partenaires.annulation(session, fact.sortie_id)
