"""A pass as a card to print: name, season, and a code that the accompanying agent scans."""

from sqlalchemy import select

from culture.models.pass_culture import PassCulture
from culture.regles.tarifs import Saison
from foyers.models import Membre
from kernel import pdf, qr
from kernel.db import reading, transaction
from kernel.documents import store
from kernel.settings import get_settings


def preparer(pass_id: int) -> None:
    """Make the card's PDF and keep it; safe to repeat. A pass that was cancelled meanwhile is not printed.

    Opens its own sessions, one to read and one to keep, as an actor that renders must.
    """
    with reading() as session:
        row = session.execute(
            select(PassCulture, Membre.prenom, Membre.nom)
            .join(Membre, Membre.id == PassCulture.membre_id)
            .where(PassCulture.id == pass_id, PassCulture.annule_le.is_(None))
        ).one_or_none()
    if row is None:
        return
    made, prenom, nom = row
    name = get_settings().nom_pass_culture
    content = pdf.render(
        "pdf/pass.html",
        {
            "texte": qr.sign_pass(made.code, made.du, made.au),
            "carte": name,
            "nom": f"{prenom} {nom}",
            "saison": Saison(made.saison).nom,
            "fin": made.au,
        },
    )
    with transaction() as session:
        good = select(PassCulture.id).where(PassCulture.id == pass_id, PassCulture.annule_le.is_(None))
        if session.execute(good.with_for_update(read=True)).first() is not None:
            store(session, f"pass:{pass_id}", "carte-culture.pdf", content)
