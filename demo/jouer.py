"""`flask demo jouer`: one whole week of a fresh town, from Friday's composition to the Friday after, told as a story.

The town runs as `make run` starts it: web, relay, timetable, workers, local Stripe and mailbox, each a process. Only
the clock is moved; closing, charging, ordering, mailing and PDFs happen by themselves, and are waited for.
"""

import json
import os
import random
import subprocess
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from datetime import time as heure
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text

from demo import actes
from demo.lancer import ROOT, flask
from demo.ville_a_part import VilleAPart, ville_a_part
from kernel.clock import paris
from kernel.db import reading
from kernel.formats import euros, instant, jour
from paniers.semaines import par_code, prochaine_ouverte


@dataclass(slots=True)
class Recit:
    """The story as it is told, and its figures."""

    en_json: bool
    chiffres: dict[str, Any] = field(default_factory=dict)
    debut: float = field(default_factory=time.monotonic)

    def dire(self, phrase: str, **chiffres: object) -> None:
        self.chiffres |= chiffres
        if not self.en_json:
            click.echo(f"{time.monotonic() - self.debut:6.1f} s  {phrase}")


def jouer(*, foyers: int, graine: int, jour: date, en_json: bool) -> int:
    """Play the week that is open on `jour` (a Friday before its cut-off). Returns the exit code of `flask verifier`."""
    var_dir = (Path(os.environ.get("VAR_DIR") or "var") / "jeu").resolve()
    options = ("--foyers", str(foyers), "--graine", str(graine), "--jour", jour.isoformat())
    recit = Recit(en_json)
    with ville_a_part(var_dir, options) as ville:
        recit.dire(f"La ville est installée : {foyers} foyers.", foyers=foyers, graine=graine)
        _la_semaine(ville, recit, random.Random(graine + 1))
        code = _verifier(ville, recit)
    if en_json:
        click.echo(json.dumps(recit.chiffres, ensure_ascii=False, indent=2, default=str))
    return code


def _la_semaine(ville: VilleAPart, recit: Recit, rng: random.Random) -> None:
    with reading() as session:
        week = prochaine_ouverte(session, actes.clock.now())
    recit.dire(f"Semaine {week.code}, retrait le {jour(week.retrait_le)}.", semaine=week.code)
    _avant_la_cloture(recit, rng, week.code)
    _cloture_et_prelevements(ville, recit, week.code)
    _commandes(ville, recit, week.code)
    _retrait(ville, recit, rng, week.code)


def _avant_la_cloture(recit: Recit, rng: random.Random, code: str) -> None:
    with reading() as session:
        week = par_code(session, code)
    actes.avancer_l_horloge(week.publication_le - timedelta(hours=1))
    actes.composer(rng, code)
    recit.dire(f"{instant(actes.clock.now()).capitalize()} : le panier est composé.")
    actes.avancer_l_horloge(week.cloture_le - timedelta(hours=30))
    told = actes.decider(rng, code)
    recit.dire(
        f"{instant(actes.clock.now()).capitalize()} : {told['absents']} familles ne viendront pas, "
        f"{told['ailleurs']} vont ailleurs, {told['pauses']} en pause, {told['departs']} départs, "
        f"{told['quotients']} nouveaux quotients.",
        choix=dict(told),
    )


def _cloture_et_prelevements(ville: VilleAPart, recit: Recit, code: str) -> None:
    with reading() as session:
        week = par_code(session, code)
    actes.avancer_l_horloge(week.cloture_le + timedelta(minutes=2))
    actes.attendre(ville, "the closing", actes.est_dans_l_etat(code, "cloturee"))
    closed = _lire(
        "SELECT count(*) AS n, sum(nombre) AS paniers, sum(nombre * prix) AS total FROM panier p "
        "JOIN semaine s ON s.id = p.semaine_id WHERE s.code = :code",
        code,
    )
    recit.dire(
        f"{instant(actes.clock.now()).capitalize()} : clôture, {closed['paniers']} paniers, {euros(closed['total'])}.",
        paniers=closed["paniers"],
        total=closed["total"],
    )
    actes.attendre(ville, "the charges", actes.tout_est_livre)
    charged = _lire(
        "SELECT count(*) FILTER (WHERE p.etat = 'reussi') AS reussis, "
        "coalesce(sum(p.montant) FILTER (WHERE p.etat = 'reussi'), 0) AS encaisse, "
        "count(*) FILTER (WHERE p.etat = 'refuse') AS refuses, "
        "count(*) FILTER (WHERE p.etat = 'a_authentifier') AS a_authentifier "
        "FROM paiement p JOIN echeance e ON e.id = p.echeance_id WHERE e.cle = :code",
        code,
    )
    recit.dire(
        f"Prélèvements : {charged['reussis']} réussis ({euros(charged['encaisse'])}), {charged['refuses']} refusés, "
        f"{charged['a_authentifier']} à authentifier.",
        prelevements=charged,
    )


def _commandes(ville: VilleAPart, recit: Recit, code: str) -> None:
    with reading() as session:
        week = par_code(session, code)
    actes.avancer_l_horloge(week.commande_le + timedelta(minutes=1))
    actes.attendre(ville, "the orders", actes.est_dans_l_etat(code, "commandee"))
    actes.attendre(ville, "the documents", actes.tout_est_livre)
    orders = _lire(
        "SELECT count(*) AS n, coalesce(sum(c.total_ht + c.tva), 0) AS total FROM commande c "
        "JOIN semaine s ON s.id = c.semaine_id WHERE s.code = :code",
        code,
    )
    recit.dire(
        f"{instant(actes.clock.now()).capitalize()} : {orders['n']} commandes, {euros(orders['total'])}.",
        commandes=orders,
    )
    paths = actes.ranger_les_documents(ville.var_dir / "documents")
    recit.dire(f"{len(paths)} documents dans {ville.var_dir / 'documents'}", documents=[str(path) for path in paths])
    actes.avancer_l_horloge(week.commande_le + timedelta(hours=3))
    answers = actes.repondre_aux_commandes(ville)
    recit.dire(f"Les fermes répondent : {dict(answers)}.", reponses=dict(answers))


def _retrait(ville: VilleAPart, recit: Recit, rng: random.Random, code: str) -> None:
    with reading() as session:
        week = par_code(session, code)
    actes.avancer_l_horloge(paris(week.retrait_le, heure(17, 30)))
    given = actes.distribuer(rng, code)
    recit.dire(f"{instant(actes.clock.now()).capitalize()} : {given['remis']} paniers remis.", remis=given["remis"])
    actes.avancer_l_horloge(paris(week.retrait_le + timedelta(days=1), heure(0, 10)))
    actes.attendre(ville, "the end of the week", actes.est_dans_l_etat(code, "terminee"))
    actes.attendre(ville, "the last messages", actes.tout_est_livre)
    left = _lire(
        "SELECT count(*) AS n FROM panier p JOIN semaine s ON s.id = p.semaine_id "
        "WHERE s.code = :code AND p.etat = 'non_retire'",
        code,
    )
    sent = _lire("SELECT count(*) AS n FROM mail WHERE sent_at IS NOT NULL", code)
    recit.dire(
        f"{instant(actes.clock.now()).capitalize()} : semaine terminée, {left['n']} paniers non retirés, "
        f"{sent['n']} courriels envoyés.",
        non_retires=left["n"],
        courriels=sent["n"],
    )


def _verifier(ville: VilleAPart, recit: Recit) -> int:
    done = subprocess.run(
        flask("verifier"), cwd=ROOT, env=ville.supervisor.environment, capture_output=True, text=True, check=False
    )
    recit.dire(done.stdout.strip() or done.stderr.strip()[-500:], verifier=done.returncode)
    return done.returncode


def _lire(query: str, code: str) -> dict[str, Any]:
    with reading() as session:
        parameters = {"code": code} if ":code" in query else {}
        return dict(session.execute(text(query), parameters).one()._mapping)
