"""What people do in a week, act by act, in a town that runs: families by the use cases that their pages call,
producers and agents over HTTP where a link or a scan is the point."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import requests
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from demo.imprevus import benevole, deux_tiers
from demo.saison import composer_et_publier
from demo.ville_a_part import VilleAPart
from foyers.dossiers import declarer_qf
from foyers.models import Compte, Foyer, Maison
from kernel import clock
from kernel.db import reading, transaction
from kernel.documents import Document
from kernel.errors import Refus
from kernel.settings import get_settings
from kernel.web.access import Role
from paniers import abonnements, cartes, retraits
from paniers.choix import choisir
from paniers.composition import ingredients
from paniers.documents.bons_retrait import texte_du_bon
from paniers.formulaires.penuries import champ_disponible, en_texte
from paniers.models.retrait import CarteRetrait
from paniers.models.semaines import AbonnementVersion, EtatPanier, NatureChoix, Panier, Semaine
from paniers.regles.bilan import bilan
from paniers.retraits import Moyen, Verdict
from paniers.semaines import par_code

PAS_LA, AILLEURS, EN_PAUSE, PARTIS, NOUVEAU_QF, DONNENT, VENUS = 0.05, 0.02, 0.01, 0.005, 0.02, 0.03, 0.95
PATIENCE_SECONDES = 300
LE_PLUS_LONG_SECONDES = 3600
JETON = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
LIEN = re.compile(r"http\S+/producteur/commande/\S+")


class TropLong(Exception):
    """Something that the town does by itself was not done in time."""


def avancer_l_horloge(instant: datetime) -> None:
    """Move the clock of the whole town."""
    path = get_settings().clock_shift_file
    assert path is not None, "a town of its own has a clock file"
    clock.write_shift(path, instant)


def attendre(ville: VilleAPart, quoi: str, condition: Callable[[Session], bool]) -> None:
    """Wait for what the relay, the timetable and the workers do, as long as something moves. Raises TropLong."""
    seen, since = -1, time.monotonic()

    def done() -> bool:
        nonlocal seen, since
        with reading() as session:
            if condition(session):
                return True
            moved = session.execute(AVANCEMENT).scalar_one()
        if moved != seen:
            seen, since = moved, time.monotonic()
        if time.monotonic() - since > PATIENCE_SECONDES:
            raise TropLong(quoi)
        return False

    if not ville.supervisor.wait_until(done, LE_PLUS_LONG_SECONDES):
        raise TropLong(quoi)


# Grows with each delivery taken or finished, and with each document made.
AVANCEMENT = text(
    "SELECT (SELECT coalesce(sum(attempts), 0) + count(done_at) FROM outbox_delivery) + (SELECT count(*) FROM document)"
)


def tout_est_livre(session: Session) -> bool:
    """Whether every fact has been expanded and every delivery is done or parked."""
    waiting = text(
        """
        SELECT EXISTS (SELECT 1 FROM outbox_fact WHERE expanded_at IS NULL)
            OR EXISTS (SELECT 1 FROM outbox_delivery WHERE state IN ('due', 'sent', 'taken'))
        """
    )
    return not session.execute(waiting).scalar_one()


def est_dans_l_etat(code: str, etat: str) -> Callable[[Session], bool]:
    return lambda session: par_code(session, code).etat == etat


def composer(rng: random.Random, code: str) -> tuple[int, int, list[str]]:
    """Friday: the coordination composes the basket and publishes it. Returns grams, centimes, and products."""
    with transaction() as session:
        who = session.scalars(select(Compte.id).where(Compte.role == Role.COORDINATION)).first()
        week = par_code(session, code)
        composer_et_publier(session, rng, week, clock.now(), who)
        session.flush()
        parts = ingredients(session, week.id)
        weighed = bilan(parts, paniers_prevus=0)
    return weighed.poids, weighed.cout.centimes, [part.nom for part in parts]


def decider(rng: random.Random, code: str) -> Counter[str]:
    """Saturday: families say that they do not come, go elsewhere, pause, leave, give a new quotient or their basket."""
    told: Counter[str] = Counter()
    with transaction() as session:
        week = par_code(session, code)
        houses = list(session.scalars(select(Maison.id).where(Maison.active).order_by(Maison.id)))
        for version, foyer in _abonnes(session, week.retrait_le):
            act = _tirer(rng)
            if act is not None:
                told[act] += 1
                other = rng.choice([house for house in houses if house != version.maison_id])
                _agir(session, week, version, foyer, act, ailleurs=other)
    return told


def _abonnes(session: Session, jour: date) -> list[tuple[AbonnementVersion, Foyer]]:
    """Whoever has a basket that day and has not said already that it pauses."""
    rows = session.execute(
        text(
            """
            SELECT v.id, a.foyer_id FROM abonnement_version v JOIN abonnement a ON a.id = v.abonnement_id
             WHERE v.jusqu_a IS NULL AND :jour BETWEEN v.debut AND v.fin AND NOT EXISTS (
                   SELECT FROM pause p WHERE p.abonnement_id = a.id AND p.levee_le IS NULL AND p.au >= :jour)
             ORDER BY a.id
            """
        ),
        {"jour": jour},
    ).all()
    return [(session.get_one(AbonnementVersion, row.id), session.get_one(Foyer, row.foyer_id)) for row in rows]


def _tirer(rng: random.Random) -> str | None:
    shares = {
        "absents": PAS_LA,
        "ailleurs": AILLEURS,
        "pauses": EN_PAUSE,
        "departs": PARTIS,
        "quotients": NOUVEAU_QF,
        "dons": DONNENT,
    }
    drawn = rng.random()
    for act, share in shares.items():
        if drawn < share:
            return act
        drawn -= share
    return None


def _agir(
    session: Session, week: Semaine, version: AbonnementVersion, foyer: Foyer, act: str, *, ailleurs: int
) -> None:
    now, subscription = clock.now(), version.abonnement_id
    if act == "absents":
        choisir(session, subscription, week.id, NatureChoix.PAS_CETTE_SEMAINE, instant=now)
    elif act == "dons":
        choisir(session, subscription, week.id, NatureChoix.SOLIDARITE, instant=now)
    elif act == "ailleurs":
        # Full there: the page says so, and the family stays at its own maison.
        with suppress(Refus), session.begin_nested():
            choisir(session, subscription, week.id, NatureChoix.AUTRE_MAISON, maison_id=ailleurs, instant=now)
    elif act == "pauses":
        until = week.retrait_le + timedelta(days=7)
        abonnements.mettre_en_pause(session, subscription, du=week.retrait_le, au=until, instant=now)
    elif act == "departs":
        abonnements.quitter(session, subscription, instant=now)
    else:
        declarer_qf(session, foyer.id, 350, now.date(), None)


def repondre_aux_commandes(ville: VilleAPart, *, avec_un_manque: bool) -> Counter[str]:
    """Each producer who has not answered opens the link of its mail and confirms; or the last one says that of its
    largest line only two thirds will come."""
    with reading() as session:
        waiting = session.execute(
            text(
                "SELECT c.id, c.numero, c.version, p.email FROM commande c JOIN producteur p ON p.id = c.producteur_id"
                " WHERE c.etat = 'emise' ORDER BY c.numero"
            )
        ).all()
        left = deux_tiers(session, waiting[-1].id) if avec_un_manque and len(waiting) > 1 else {}
        short = {champ_disponible(offer): _en_texte(session, offer, quantity) for offer, quantity in left.items()}
    answers: Counter[str] = Counter()
    for order in waiting:
        said = short if order is waiting[-1] else {}
        _repondre(_lien_recu(ville, order.email, order.numero), order.version, said)
        answers["manques" if said else "confirmees"] += 1
    return answers


def _en_texte(session: Session, offre_id: int, quantite: int) -> str:
    """As a producer types it: kilos, or pieces."""
    unite = session.execute(
        text("SELECT d.unite FROM offre o JOIN produit d ON d.id = o.produit_id WHERE o.id = :o"), {"o": offre_id}
    ).scalar_one()
    return en_texte(quantite, en_pieces=unite == "piece")


def _lien_recu(ville: VilleAPart, email: str, numero: str) -> str:
    asked = {"pour": email, "corps": "1"}
    messages = requests.get(f"{ville.courrier}/messages.json", params=asked, timeout=10).json()
    for message in messages:
        found = LIEN.search(message["text"])
        if numero in message["subject"] and found:
            return found.group()
    raise TropLong(f"the mail of order {numero}")


def _repondre(link: str, version: int, short: Mapping[str, str]) -> None:
    with requests.Session() as browser:
        page = browser.get(link, timeout=10)
        page.raise_for_status()
        token = JETON.search(page.text)
        assert token is not None, "the producer's page has a form"
        form = {"csrf_token": token.group(1), "version": str(version), "reponse": "manque" if short else "confirmer"}
        browser.post(link, data=form | dict(short), timeout=10).raise_for_status()


def distribuer(rng: random.Random, code: str) -> Counter[str]:
    """Thursday: most families come, but for those who give their basket. A carte is scanned where there is one, else
    the voucher; at one maison a bénévole hands out from the list."""
    given: Counter[str] = Counter()
    with reading() as session:
        week = par_code(session, code)
        agent = session.scalars(select(Compte.id).where(Compte.role == Role.AGENT).order_by(Compte.id).limit(1)).one()
        helper, place = benevole(session)
        baskets = session.scalars(
            select(Panier)
            .where(Panier.semaine_id == week.id, Panier.etat == EtatPanier.A_REMETTRE, ~Panier.a_donner)
            .order_by(Panier.id)
        ).all()
        held = {card.foyer_id: card.code for card in session.scalars(select(CarteRetrait)) if card.perdue_le is None}
    for basket in baskets:
        if rng.random() > VENUS:
            continue
        with transaction() as session:
            if basket.maison_id == place:
                here = frozenset({place})
                answer = retraits.remettre(
                    session, basket.id, par=helper, moyen=Moyen.LISTE, maisons=here, instant=clock.now()
                )
            else:
                shown = (
                    cartes.texte(held[basket.foyer_id]) if basket.foyer_id in held else texte_du_bon(week, basket.bon)
                )
                answer = retraits.scanner(
                    session, shown, par=agent, maisons=None, jour=week.retrait_le, instant=clock.now()
                )
        means = "listes" if basket.maison_id == place else "cartes" if basket.foyer_id in held else "bons"
        given[means] += answer.verdict is Verdict.REMIS
        given[answer.verdict] += 1
    return given


def ranger_les_documents(folder: Path) -> list[Path]:
    """Write the PDFs and CSVs that the workers made into a folder, under their human names."""
    with reading() as session:
        documents = session.scalars(select(Document).order_by(Document.key)).all()
    paths = []
    for document in documents:
        path = folder / document.key.split(":")[0] / f"{document.key.replace(':', '-')}-{document.filename}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(document.content)
        paths.append(path)
    return paths
