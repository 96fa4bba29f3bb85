"""`flask demo installer`: the town in an empty database, and its saved cards at the local Stripe."""

import json
import random
from copy import copy
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import requests
from sqlalchemy import text
from sqlalchemy.orm import Session

from demo import attendre, essais, factures, mandats, soirees, sorties_a_venir
from demo.empreinte import empreinte
from demo.passe import vivre
from demo.sorties import ouvrir_la_saison
from demo.vie import habiter
from demo.ville import Acces, deja_installee, planter
from kernel import clock
from kernel.clock import paris
from kernel.db import transaction
from kernel.settings import get_settings

DELAI_SECONDES = 60
DEMARRAGE_SECONDES = 30


@dataclass(frozen=True, slots=True)
class Installation:
    """What was installed; `empreinte` is None when the database held a town already."""

    foyers: int
    empreinte: str | None


def installer(*, foyers: int, graine: int, jour: date | None) -> Installation:
    """Install the town as it stands on `jour` at noon in Paris, or now. One transaction: all of it or nothing."""
    maintenant = paris(jour, time(12)) if jour else clock.now()
    the_day = maintenant.astimezone(clock.PARIS).date()
    rng = random.Random(graine)
    try:
        with transaction() as session:
            if deja_installee(session):
                return Installation(0, None)
            acces = planter(session, rng, the_day, foyers)
            attendre.loger(session)
            ouvrir_la_saison(session, copy(rng), the_day)
            vivre(session, rng, the_day, maintenant)
            attendre.remplir(session, maintenant)
            habiter(session, rng, maintenant)
            sorties_a_venir.remplir(session, rng, maintenant)
            soirees.recueillir_les_avis(session, rng, maintenant)
            factures.facturer(session, maintenant)
            mandats.signer(session, maintenant)
            essais.expliquer(session)
            session.flush()  # the digest reads what was signed
            made = Installation(foyers, empreinte(session))
            # Last before the commit: without its cards at Stripe there is no town.
            _semer(_chez_stripe(session))
    finally:
        clock.set_now(None)
    _noter_les_acces(acces)
    if jour is not None:
        _regler_l_horloge(maintenant)
    return made


def _chez_stripe(session: Session) -> dict[str, Any]:
    """The households' cards, mandates and past payments, as the local Stripe takes them."""
    customers = session.execute(
        text(
            """
            SELECT r.client_stripe AS customer, coalesce(c.stripe_id, 'pm_en_ligne' || r.foyer_id) AS payment_method,
                   m.prenom || ' ' || m.nom AS name
              FROM reglement r JOIN membre m ON m.foyer_id = r.foyer_id AND m.referent
              LEFT JOIN carte c ON c.foyer_id = r.foyer_id ORDER BY r.foyer_id
            """
        )
    )
    payments = session.execute(
        text(
            """
            SELECT p.stripe_id AS id, r.client_stripe AS customer,
                   coalesce(c.stripe_id, 'pm_en_ligne' || r.foyer_id) AS payment_method,
                   p.montant AS amount, extract(epoch FROM p.conclu_le)::bigint AS created, p.id AS paiement
              FROM paiement p JOIN reglement r ON r.foyer_id = p.foyer_id LEFT JOIN carte c ON c.foyer_id = p.foyer_id
             WHERE p.etat = 'reussi' ORDER BY p.id
            """
        )
    )
    cards = [{**row._mapping, "number": "4242424242424242"} for row in customers]
    past = [_passe(dict(row._mapping)) for row in payments]
    own = essais.chez_stripe(session)
    return {
        "customers": [*_quelques_refus(cards), *own["customers"]],
        "payments": [*past, *own["payments"]],
        "mandates": mandats.chez_stripe(session),
    }


def _quelques_refus(cards: list[dict[str, object]]) -> list[dict[str, object]]:
    """One card in forty will be declined next time, and one in a hundred wants its holder: as life has it."""
    for number, card in enumerate(cards):
        if number % 40 == 17:
            card["outcome"] = "insufficient_funds"
        elif number % 100 == 53:
            card["number"] = "4000002760003184"
    return cards


def _passe(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "paiement"} | {
        "metadata": {"paiement": str(row["paiement"])}
    }


def _semer(town: dict[str, Any]) -> None:
    """Tell the local Stripe, which may still be starting. A real Stripe is never told anything of a demo town."""
    base = get_settings().stripe_api_base
    if urlsplit(base).hostname not in ("127.0.0.1", "localhost"):
        return
    patience = monotonic() + DEMARRAGE_SECONDES
    while True:
        try:
            requests.post(f"{base}/_local/semer", json=town, timeout=DELAI_SECONDES).raise_for_status()
        except requests.ConnectionError:
            if monotonic() > patience:
                raise
            sleep(0.2)
        else:
            return


def _noter_les_acces(acces: list[Acces]) -> None:
    path = get_settings().var_dir / "comptes.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(one) for one in acces], ensure_ascii=False, indent=2) + "\n")


def _regler_l_horloge(maintenant: datetime) -> None:
    """A town installed for another day lives on that day."""
    path = get_settings().clock_shift_file
    if path is not None:
        clock.write_shift(path, maintenant)
