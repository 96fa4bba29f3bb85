"""`/metrics`: who may read it, that its figures are those of the database, and that it names nobody."""

import re

import pytest
from flask import Flask
from redis import Redis

from app import MEASURES, create_app
from kernel import clock
from kernel.db import transaction
from kernel.mail import queue_mail
from kernel.settings import BadSettings, get_settings
from kernel.web import durations
from paniers.models.semaines import EtatPanier
from tests import fabriques
from tests.conftest import ROOT, forget_settings
from tests.kernel.test_operations import EssaiRate, parquer
from tests.securite.canaris import EMAIL, NOM, PRENOM, TELEPHONE
from tests.securite.scene import DIX_SEPT_HEURES, JEUDI

TOKEN = "a token that a monitor shows"


def lire(app: Flask, headers: dict[str, str] | None = None, address: str = "127.0.0.1") -> tuple[int, str]:
    answer = app.test_client().get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    return answer.status_code, answer.text


def figures(app: Flask) -> dict[str, float]:
    """Each line's name, labels included, and its figure."""
    status, text = lire(app)
    assert status == 200
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(figure) for name, figure in lines}


def with_token(monkeypatch: pytest.MonkeyPatch, token: str = TOKEN) -> Flask:
    monkeypatch.setenv("METRICS_TOKEN", token)
    forget_settings()
    return create_app()


# Who may read


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("172.18.0.4", {}, 200),
        ("10.1.2.3", {}, 200),
        ("203.0.114.9", {}, 403),
        ("2a01:e0a::1", {}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.114.9"}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 403),
        ("127.0.0.1", {"X-Real-IP": "10.0.0.1"}, 403),
        ("127.0.0.1", {"Via": "1.1 proxy"}, 403),
    ],
)
def test_without_a_token_only_this_machine_and_its_network_read(
    app: Flask, address: str, headers: dict[str, str], status: int
) -> None:
    assert lire(app, headers, address)[0] == status


def test_behind_https_whoever_says_that_he_is_near_is_refused(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "https://paniers.exemple.test")
    forget_settings()
    app = create_app()
    assert lire(app)[0] == 200, "a monitor inside speaks no TLS"
    assert lire(app, {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https"}, "172.18.0.2")[0] == 403


@pytest.mark.parametrize("shown", [None, "", TOKEN, "Bearer", f"Bearer {TOKEN}x", "Bearer é"])
def test_where_a_token_is_set_nothing_else_opens(base: str, monkeypatch: pytest.MonkeyPatch, shown: str | None) -> None:
    app = with_token(monkeypatch)
    assert lire(app, {} if shown is None else {"Authorization": shown})[0] == 403
    assert lire(app, {"Authorization": f"Bearer {TOKEN}", "X-Forwarded-For": "1.2.3.4"}, "203.0.114.9")[0] == 200


def test_a_token_too_short_to_guard_is_refused_at_start(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TOKEN", "court")
    forget_settings()
    with pytest.raises(BadSettings, match="METRICS_TOKEN"):
        get_settings()


def test_a_refusal_is_a_page_in_french(app: Flask) -> None:
    assert "réservée à d’autres personnes" in lire(app, {}, "203.0.114.9")[1].replace("\xa0", " ")


# What it says


def test_the_outbox_is_told_by_queue_state_and_age(app: Flask) -> None:
    before = figures(app)
    assert (before["outbox_parked"], before["outbox_facts_waiting"], before["mails_unsent"]) == (0, 0, 0)
    parquer(EssaiRate(1), "preparer_bons", combien=3)
    parquer(EssaiRate(2), "envoyer_courriel")
    with transaction() as session:
        context = {"lien": "x", "minutes": 10, "nom": "x"}
        queue_mail(session, key="x", to="x@exemple.test", template="foyers/mot_de_passe_oublie", context=context)
    now = figures(app)
    assert now["outbox_parked"] == 4
    assert now['outbox_deliveries{queue="documents",state="parked"}'] == 4
    assert now["mails_unsent"] == 1
    assert now["outbox_facts_waiting"] == 1
    assert 0 < now["outbox_lag_seconds"] < 60


def test_the_week_and_the_baskets_of_the_day_are_counted(app: Flask) -> None:
    clock.set_now(DIX_SEPT_HEURES)
    with transaction() as session:
        fabriques.calendrier(session)
        fabriques.grille(session)
        week = fabriques.semaine(session, JEUDI, etat="commandee")
        place = fabriques.maison(session).id
        for state in (EtatPanier.REMIS, EtatPanier.A_REMETTRE, EtatPanier.A_REMETTRE):
            subscription = fabriques.abonnement(session, fabriques.foyer(session, maison_id=place).id, place)
            fabriques.panier(session, week.id, subscription, place).etat = state
    told = figures(app)
    assert told['semaines{etat="commandee"}'] == 1
    assert told['semaines{etat="annulee"}'] == 0
    assert told['paniers_du_jour{etat="a_remettre"}'] == 2
    assert told['paniers_du_jour{etat="remis"}'] == 1
    assert told['paniers_du_jour{etat="non_retire"}'] == 0
    assert told['semaine_en_retard_seconds{etape="cloture"}'] == 0


def test_a_cut_off_that_nobody_acts_upon_grows_late(app: Flask) -> None:
    with transaction() as session:
        week = fabriques.semaine(session, JEUDI)
        cut_off = week.cloture_le
    clock.set_now(cut_off)
    assert figures(app)['semaine_en_retard_seconds{etape="cloture"}'] == 0
    clock.set_now(DIX_SEPT_HEURES)
    assert figures(app)['semaine_en_retard_seconds{etape="cloture"}'] == (DIX_SEPT_HEURES - cut_off).total_seconds()


def test_nobody_is_named(app: Flask) -> None:
    with transaction() as session:
        place = fabriques.maison(session).id
        home = fabriques.foyer(session, maison_id=place, nom=NOM, prenom=PRENOM, email=EMAIL, telephone=TELEPHONE)
        fabriques.compte(session, foyer_id=home.id)
    app.test_client().get(f"/mon-prix?qf=640&nom={NOM}")
    app.test_client().get(f"/nulle-part/{NOM}")
    app.test_client().open("/", method=NOM.upper())
    text = lire(app)[1]
    assert [word for word in (NOM, PRENOM, EMAIL, TELEPHONE) if word.lower() in text.lower()] == []
    assert 'method="OTHER"' in text, "a made-up method was counted, and not repeated"


def test_requests_of_all_processes_are_added_up(app: Flask) -> None:
    other = create_app()
    for client in (app.test_client(), app.test_client(), other.test_client()):
        client.get("/mentions-legales")
    figures(other)  # hands over what it has counted
    told = figures(app)
    name = 'http_requests_total{method="GET",route="foyers.mentions",status="200"}'
    assert told[name] == 3
    assert told['http_request_seconds_count{route="foyers.mentions"}'] == 3
    edges = [
        told[f'http_request_seconds_bucket{{le="{le}",route="foyers.mentions"}}'] for le in ("0.005", "5.0", "+Inf")
    ]
    assert edges == sorted(edges)
    assert edges[-1] == 3
    assert told['http_request_seconds_sum{route="foyers.mentions"}'] > 0


def test_counts_leave_by_themselves_along_with_requests(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durations, "EVERY_SECONDS", 0.0)
    app.test_client().get("/mentions-legales")
    with Redis.from_url(get_settings().redis_url, decode_responses=True) as redis:
        assert redis.hget(durations.HASH, "requests|foyers.mentions|GET|200") == "1"


# When an engine is away


def test_without_redis_pages_go_on_and_counts_wait(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    there = get_settings().redis_url
    monkeypatch.setattr(durations, "EVERY_SECONDS", 0.0)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9")
    forget_settings()
    assert app.test_client().get("/mentions-legales").status_code == 200
    told = figures(app)
    assert (told["redis_up"], told["database_up"]) == (0, 1)
    monkeypatch.setenv("REDIS_URL", there)
    forget_settings()
    told = figures(app)
    assert told["redis_up"] == 1
    assert told['http_requests_total{method="GET",route="foyers.mentions",status="200"}'] == 1


def test_without_the_database_only_that_is_told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    forget_settings()
    told = figures(app)
    assert (told["redis_up"], told["database_up"]) == (1, 0)
    assert "outbox_parked" not in told


# The alerts that are given to the operator


def unknown(expressions: str, known: set[str]) -> set[str]:
    """Names that an alert asks for and that `/metrics` does not tell."""
    words = re.findall(r"\b([a-z][a-z_]+)(?=[{\[ ]|$)", expressions, re.MULTILINE)
    return {word for word in words if "_" in word and word not in known | {"histogram_quantile"}}


def test_alerts_ask_only_for_what_is_told_and_each_is_explained(app: Flask) -> None:
    app.test_client().get("/mentions-legales")
    known = {name.partition("{")[0] for name in figures(app)} | {measure.name for measure in MEASURES}
    rules = (ROOT / "docs" / "alertes.rules.yml").read_text()
    expressions = "\n".join(re.findall(r"expr: (.*)", rules))
    assert len(expressions.splitlines()) > 10
    assert unknown(expressions, known) == set()
    assert unknown("sum(http_invented_total[5m]) > 1", known) == {"http_invented_total"}, "the control"
    told = (ROOT / "docs" / "exploitation.md").read_text()
    assert [alert for alert in re.findall(r"alert: (\w+)", rules) if f"**{alert}**" not in told] == []
