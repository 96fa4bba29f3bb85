"""A running local Stripe and what tests ask of it, by the real library, by its pages' forms and by /_local/."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import stripe

from tests.demo.outside_world import Outside, Receiver

SECRET = "whsec_of_the_tests"
KEY = "sk_test_of_the_tests"
OK = "4242424242424242"


@dataclass
class Town:
    """A running Stripe, the library bound to it, and the endpoint of its webhooks."""

    outside: Outside
    outbox: Receiver

    def client(self, retries: int = 0, seconds: float = 5) -> stripe.StripeClient:
        http = stripe.RequestsClient(timeout=seconds)
        bases: Any = {"api": self.outside.url}
        return stripe.StripeClient(KEY, base_addresses=bases, http_client=http, max_network_retries=retries)

    def local(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(method, f"{self.outside.url}/_local/{path}", json=body, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def fault(self, kind: str, **more: Any) -> None:
        self.local("POST", "pannes", {"kind": kind, **more})

    def household(self, number: str = OK, **more: Any) -> tuple[str, str]:
        """A new customer and its saved card, by the bulk import."""
        mark = secrets.token_hex(6)
        row = {"customer": f"cus_{mark}", "payment_method": f"pm_{mark}", "number": number, "name": "Famille", **more}
        self.local("POST", "semer", [row])
        return row["customer"], row["payment_method"]

    def charge(self, household: tuple[str, str], key: str | None = None, amount: int = 550, **how: Any) -> Any:
        options: Any = {"idempotency_key": key or secrets.token_hex(8)}
        wanted: Any = {"amount": amount, "currency": "eur", "customer": household[0], "payment_method": household[1]}
        wanted |= {"confirm": True, "off_session": True, "metadata": {"echeance": "12"}, "expand": ["latest_charge"]}
        return self.client(**how).v1.payment_intents.create(wanted, options)

    def intents(self, customer: str) -> list[stripe.PaymentIntent]:
        return list(self.client().v1.payment_intents.list({"customer": customer}).auto_paging_iter())

    def session(self, customer: str, **more: Any) -> Any:
        wanted: Any = {"customer": customer, "success_url": "http://site/ok?s={CHECKOUT_SESSION_ID}"}
        wanted |= {"cancel_url": "http://site/non", "mode": "setup", "currency": "eur", **more}
        return self.client().v1.checkout.sessions.create(wanted)


def arguments(outbox: Receiver, state: Path) -> list[str]:
    hooks = ["--webhook-url", outbox.url, "--webhook-secret", SECRET]
    return ["--state", str(state), "--secret-key", KEY, *hooks]


def send_card(url: str, number: str = OK, **more: str) -> requests.Response:
    form = {"number": number, "expiry": "12 / 34", "cvc": "123", "name": "Amina", **more}
    return requests.post(url, data=form, allow_redirects=False, timeout=5)


def answer_bank(url: str, answer: str) -> requests.Response:
    return requests.post(f"{url}/3ds", data={"reponse": answer}, allow_redirects=False, timeout=5)


def events_of(outbox: Receiver, customer: str) -> list[stripe.Event]:
    """The verified events about a customer, in the order of their arrival."""
    build: Callable[..., stripe.Event] = stripe.Webhook.construct_event
    events = [build(body, signature, SECRET) for body, signature in list(outbox.received)]
    return [event for event in events if event.data.object["customer"] == customer]
