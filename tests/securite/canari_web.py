"""A web process and a worker that meet hostile days with a household full of canaries; what they log is the test's.

Run as a program, in an environment of its own; standard output and error together are the logs. Libraries log at INFO,
as under `dramatiq`. With the argument "bavard", exceptions are told with their text: the negative control.
"""

import logging
import sys

import structlog
from sqlalchemy import text

from app import create_app
from foyers.models import Foyer
from kernel import logs
from kernel.db import transaction
from kernel.outbox import publish
from kernel.web.access import public
from paiements.liens import jeton
from paniers.events import AbonnementSouscrit
from tests.securite.canaris import EMAIL, JETON, MOT_DE_PASSE, NOM, PRENOM, QUOTIENT, TELEPHONE
from tests.securite.navigateurs import jeton_csrf, navigateur
from tests.securite.scene import planter

if "bavard" in sys.argv:
    logs.tell_exception = structlog.processors.format_exc_info  # type: ignore[assignment]
logging.basicConfig(level=logging.INFO, stream=sys.stderr)


@public("a page that meets a bug with personal data at hand")
def casse() -> str:
    with transaction() as session:
        session.execute(text("INSERT INTO maison (nom, code) VALUES (:nom, :nom)"), {"nom": f"{NOM} {EMAIL}"})
    return ""


def pages() -> None:
    """Requests whose fields, queries and addresses all hold canaries; some go well, some badly, some break."""
    scene = planter()
    app = create_app()
    app.view_functions["foyers.mentions"] = casse
    token = jeton_csrf(app)
    family = navigateur(app, scene.ici.compte)
    stranger = navigateur(app)
    person = {"csrf_token": token, "prenom": PRENOM, "nom": NOM, "identifiant": EMAIL, "mot_de_passe": MOT_DE_PASSE}
    for _ in range(8):
        stranger.post("/connexion", data=person)
    stranger.post("/inscription", data=person | {"maison": str(scene.ici.maison)})
    stranger.post("/mot-de-passe-oublie", data=person)
    family.post("/mon-foyer/quotient", data={"csrf_token": token, "valeur": QUOTIENT, "mois": "2026-11"})
    contact = {"csrf_token": token, "canal": "email", "email": EMAIL, "telephone": TELEPHONE}
    family.post("/mon-foyer/coordonnees", data=contact | {"maison": str(scene.ici.maison)})
    family.post("/mon-foyer/membres", data={"csrf_token": token, "prenom": PRENOM, "nom": NOM})
    family.get("/mon-foyer")
    family.get(f"/mon-prix?qf={QUOTIENT}")
    family.get(f"/guichet/foyers?q={NOM}")
    family.post("/paiements/carte", data={"csrf_token": token, "suite": f"/{NOM}"})
    family.post("/paiements/payer", data={"csrf_token": token})
    for path in (f"/paiements/lien/{jeton(scene.ici.echeance)}", f"/paiements/lien/{JETON}", f"/mot-de-passe/{JETON}"):
        stranger.get(path)
    stranger.get(f"/mentions-legales?q={NOM}", headers={"Cookie": f"x={JETON}", "Referer": f"http://x/{JETON}"})
    stranger.get(f"/nulle-part/{NOM}")


def ouvrier() -> None:
    """A delivery whose work fails with personal data in the error, through the real runtime."""
    from workers.runtime import ARGENT, local, run  # noqa: PLC0415  (the broker is made when it is imported)

    assert callable(local)
    with transaction() as session:
        publish(session, AbonnementSouscrit(1))
    with transaction() as session:
        delivery = session.execute(
            text(
                "INSERT INTO outbox_delivery (fact_id, actor, queue, state)"
                " SELECT max(id), 'canari', :queue, 'sent' FROM outbox_fact RETURNING id"
            ),
            {"queue": ARGENT},
        ).scalar_one()
    run(delivery, _echoue, 5.0)


def _echoue(_taken: object) -> None:
    with transaction() as session:
        session.add(Foyer(nom=NOM, nom_plie=NOM, maison_id=-1, canal="email", email=EMAIL))
        session.flush()


if __name__ == "__main__":
    pages()
    ouvrier()
    print("the end")
