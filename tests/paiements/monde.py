"""The world of payments under test: the local Stripe, a real process over HTTP, and households that owe money."""

import hashlib
import hmac
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import requests
from sqlalchemy import select, text

from kernel import clock
from kernel.db import transaction
from paiements import echeances, grand_livre
from paiements.models.en_ligne import Carte, Mode, Paiement, Reglement
from tests import fabriques

JOUR = date(2026, 11, 26)
CLE = "sk_test_local"
SECRET = "whsec_local"


@dataclass(frozen=True)
class StripeLocal:
    """The local Stripe at `url`, called as Stripe's own dashboard would."""

    url: str

    def poster(self, path: str, **params: Any) -> dict[str, Any]:
        answer = requests.post(self.url + path, data=params, headers={"Authorization": f"Bearer {CLE}"}, timeout=10)
        assert answer.ok, answer.text
        return dict(answer.json())

    def panne(self, kind: str, route: str = "POST /v1/payment_intents", **more: Any) -> None:
        """The next call of that route goes wrong."""
        answer = requests.post(self.url + "/_local/pannes", json={"kind": kind, "route": route, **more}, timeout=10)
        assert answer.ok, answer.text

    def reparer(self) -> None:
        requests.delete(self.url + "/_local/pannes", timeout=10).raise_for_status()

    def requetes(self, method: str, path: str, depuis: float = 0.0) -> list[dict[str, Any]]:
        """The calls received since `depuis`, oldest first."""
        notes = requests.get(self.url + f"/_local/requetes?depuis={depuis}", timeout=10).json()
        return [note for note in notes if (note["method"], note["path"]) == (method, path)]

    def objets(self, genre: str) -> list[dict[str, Any]]:
        """All objects of a kind."""
        return list(requests.get(f"{self.url}/_local/objets/{genre}", timeout=10).json())

    def intentions(self, client: str) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {CLE}"}
        found = requests.get(f"{self.url}/v1/payment_intents?customer={client}", headers=headers, timeout=10)
        return list(found.json()["data"])

    def intentions_reussies(self, client: str) -> list[str]:
        return [i["id"] for i in self.intentions(client) if i["status"] == "succeeded"]

    def client_avec_carte(self, carte: str = "pm_card_visa") -> tuple[str, str]:
        """A customer and its saved card: (customer, payment method)."""
        client = self.poster("/v1/customers")["id"]
        methode = self.poster(f"/v1/payment_methods/{carte}/attach", customer=client)["id"]
        return client, methode

    def poster_local(self, path: str, **asked: Any) -> dict[str, Any]:
        """A string of the local Stripe's own: a bank's answer, a dispute, a payout."""
        answer = requests.post(f"{self.url}/_local/{path}", json=asked, timeout=10)
        assert answer.ok, answer.text
        return dict(answer.json())

    def payer_page(self, adresse: str, numero: str = "4242424242424242") -> requests.Response:
        """The person fills in Stripe's page and sends it."""
        with requests.Session() as browser:
            form = {"number": numero, "expiry": "12 / 34", "cvc": "123", "name": "Samira"}
            return browser.post(adresse, data=form, allow_redirects=False, timeout=10)

    def expirer_page(self, page_id: str) -> None:
        self.poster(f"/v1/checkout/sessions/{page_id}/expire")


def page_id(adresse: str) -> str:
    found = re.search(r"cs_[A-Za-z0-9_]+", adresse)
    assert found is not None
    return found[0]


def signer(payload: bytes, secret: str = SECRET, age: int = 0) -> dict[str, str]:
    """The header that Stripe would send with `payload`."""
    stamp = int(time.time()) - age
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256)
    return {"Stripe-Signature": f"t={stamp},v1={mac.hexdigest()}"}


def evenement(id: str, type: str, objet: str) -> bytes:
    return json.dumps({"id": id, "object": "event", "type": type, "data": {"object": {"id": objet}}}).encode()


def foyer_par_carte(stripe: StripeLocal, carte: str = "pm_card_visa", **foyer: Any) -> tuple[int, str]:
    """A household that pays by a saved card: (its id, its customer at Stripe)."""
    client, methode = stripe.client_avec_carte(carte)
    with transaction() as session:
        fait = fabriques.foyer(session, **foyer)
        session.add(Reglement(foyer_id=fait.id, mode=Mode.CARTE, client_stripe=client))
        session.flush()
        montree = {"marque": "visa", "derniers_chiffres": "4242", "expire_mois": 12, "expire_annee": 2034}
        session.add(Carte(foyer_id=fait.id, stripe_id=methode, enregistree_le=clock.now(), **montree))
    return fait.id, client


def debiter(foyer_id: int, montant: int = 550, cle: str = "2026-W48") -> None:
    """A basket is debited, and its échéance opened."""
    with transaction() as session:
        panier = session.execute(text("SELECT coalesce(max(id), 0) + 1 FROM ecriture")).scalar_one()
        grand_livre.debiter_paniers(session, JOUR, "Panier du jeudi 26 novembre", [(panier, foyer_id, montant, 750)])
        montants: Mapping[int, int] = {foyer_id: montant}
        echeances.ouvrir_en_lot(
            session, cle=cle, libelle="Panier du jeudi 26 novembre", montants=montants, instant=clock.now()
        )


def prelevement_du(foyer_id: int) -> int:
    """The id of the household's latest charge."""
    with transaction() as session:
        found = select(Paiement.id).where(Paiement.foyer_id == foyer_id, Paiement.nature == "prelevement")
        return session.scalars(found.order_by(Paiement.id.desc())).first() or 0


def lire(paiement_id: int) -> Paiement:
    with transaction() as session:
        return session.get_one(Paiement, paiement_id)


def compter(sql: str, **valeurs: Any) -> int:
    with transaction() as session:
        return int(session.execute(text(sql), valeurs).scalar_one())


def faits(nom: str, paiement_id: int) -> int:
    """How many facts of that name tell of the payment."""
    sql = "SELECT count(*) FROM outbox_fact WHERE name = :nom AND payload->>'paiement_id' = CAST(:id AS text)"
    return compter(sql, nom=nom, id=str(paiement_id))


def ecritures(paiement_id: int) -> int:
    return compter("SELECT count(*) FROM ecriture WHERE cle = :cle", cle=f"paiement:{paiement_id}")
