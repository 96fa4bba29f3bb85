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
from datetime import date, datetime, timedelta
from datetime import time as heure
from pathlib import Path
from typing import Any

import click
from sqlalchemy import text

from demo import actes
from demo.lancer import ROOT, flask
from demo.ville_a_part import VilleAPart, ville_a_part
from kernel import clock
from kernel.clock import paris
from kernel.db import reading
from kernel.formats import euros, instant, jour
from paniers.models import Semaine
from paniers.semaines import prochaine_ouverte

MARGE = 26
"""Columns of the story's left margin, where its hours stand."""


@dataclass(slots=True)
class Recit:
    """The story as it is told, and its figures; in JSON only the figures are printed, at the end."""

    en_json: bool
    chiffres: dict[str, Any] = field(default_factory=dict)
    debut: float = field(default_factory=time.monotonic)

    def titre(self, phrase: str) -> None:
        self._ecrire(f"\n{phrase}\n")

    def heure(self, phrase: str, **chiffres: object) -> None:
        """A sentence at the town's present hour."""
        self.chiffres |= chiffres
        self._ecrire(f"  {_en_marge(clock.now()):<{MARGE}}{phrase}")

    def suite(self, phrase: str, **chiffres: object) -> None:
        self.chiffres |= chiffres
        self._ecrire(f"  {'':<{MARGE}}{phrase}")

    def secondes(self) -> float:
        return round(time.monotonic() - self.debut, 1)

    def _ecrire(self, ligne: str) -> None:
        if not self.en_json:
            click.echo(ligne)


def jouer(*, foyers: int, graine: int, jour: date, en_json: bool, image: str | None = None) -> int:
    """Play the week that is open on `jour` (a Friday before its cut-off). Returns the exit code of `flask verifier`.

    With `image` the town's own programs run from that container image.
    """
    var_dir = (Path(os.environ.get("VAR_DIR") or "var") / "jeu").resolve()
    options = ("--foyers", str(foyers), "--graine", str(graine), "--jour", jour.isoformat())
    recit = Recit(en_json)
    recit.titre(f"Une ville de {foyers} foyers s’installe dans {var_dir}…")
    with ville_a_part(var_dir, options, image) as ville:
        recit.suite(f"Prête en {recit.secondes():.0f} s : {ville.site}", foyers=foyers, graine=graine, dossier=var_dir)
        with reading() as session:
            week = prochaine_ouverte(session, clock.now())
        recit.titre(f"Semaine {week.code}, retrait {jour_de_retrait(week)}")
        recit.chiffres |= {"semaine": week.code}
        _la_semaine(ville, recit, random.Random(graine + 1), week)
        code = _verifier(ville, recit)
    recit.titre(f"Une semaine en {recit.secondes():.0f} secondes.")
    if en_json:
        recit.chiffres |= {"secondes": recit.secondes()}
        click.echo(json.dumps(recit.chiffres, ensure_ascii=False, indent=2, default=str))
    return code


def _la_semaine(ville: VilleAPart, recit: Recit, rng: random.Random, week: Semaine) -> None:
    _composition(recit, rng, week)
    _choix(recit, rng, week)
    _cloture(ville, recit, week)
    _prelevements(ville, recit, week)
    _commandes(ville, recit, week)
    _documents(ville, recit)
    _reponses(ville, recit, week)
    _retrait(recit, rng, week)
    _fin(ville, recit, week)


def _composition(recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(week.publication_le - timedelta(hours=1))
    poids, cout, produits = actes.composer(rng, week.code)
    recit.heure("La coordination compose le panier de la semaine :")
    recit.suite(f"{', '.join(produits).lower()}.", composition=produits)
    recit.suite(f"{poids / 1000:.2f} kg, {euros(cout)}.".replace(".", ",", 1), poids=poids, cout=cout)


def _choix(recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(week.cloture_le - timedelta(hours=30))
    told = actes.decider(rng, week.code)
    recit.heure("Les familles décident, jusqu’à dimanche 23 h 59 :", choix=dict(told))
    recit.suite(f"{_compte(told['absents'], 'ne vient', 'ne viennent')} pas cette semaine,")
    recit.suite(f"{_compte(told['ailleurs'], 'retire', 'retirent')} dans une autre maison,")
    recit.suite(f"{_compte(told['pauses'], 'fait', 'font')} une pause, {_compte(told['departs'], 'part', 'partent')},")
    recit.suite(f"{_compte(told['quotients'], 'donne', 'donnent')} un nouveau quotient familial.")


def _cloture(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(week.cloture_le + timedelta(minutes=2))
    actes.attendre(ville, "la clôture", actes.est_dans_l_etat(week.code, "cloturee"))
    bands = _lire(
        "SELECT p.tranche, p.prix, sum(p.nombre) AS paniers, sum(p.nombre * p.prix) AS total FROM panier p"
        " JOIN semaine s ON s.id = p.semaine_id WHERE s.code = :code GROUP BY 1, 2 ORDER BY 2",
        week,
    )
    baskets, total = (sum(int(band[name]) for band in bands) for name in ("paniers", "total"))
    recit.heure(f"Clôture : {baskets} paniers figés, pour {euros(total)}.", paniers=baskets, total=total)
    recit.suite(", ".join(f"{band['paniers']} à {euros(int(band['prix']))}" for band in bands) + ".", tranches=bands)


def _prelevements(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.attendre(ville, "les prélèvements", actes.tout_est_livre)
    (charged,) = _lire(
        "SELECT count(*) FILTER (WHERE p.etat = 'reussi') AS reussis,"
        " coalesce(sum(p.montant) FILTER (WHERE p.etat = 'reussi'), 0) AS encaisse,"
        " count(*) FILTER (WHERE p.etat = 'refuse') AS refuses,"
        " count(*) FILTER (WHERE p.etat = 'a_authentifier') AS a_authentifier,"
        " (SELECT count(*) FROM echeance WHERE cle = :code AND mode = 'maison') AS a_la_maison"
        " FROM paiement p JOIN echeance e ON e.id = p.echeance_id WHERE e.cle = :code",
        week,
    )
    recit.heure(
        f"Cartes débitées : {charged['reussis']}, pour {euros(charged['encaisse'])}. "
        f"Refusées : {charged['refuses']}. À confirmer par la famille : {charged['a_authentifier']}.",
        prelevements=charged,
    )
    recit.suite(f"Les autres, {charged['a_la_maison']} foyers, paieront à leur maison.")


def _commandes(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(week.commande_le + timedelta(minutes=1))
    actes.attendre(ville, "les commandes", actes.est_dans_l_etat(week.code, "commandee"))
    orders = _lire(
        "SELECT f.nom AS producteur, c.numero, c.total_ht + c.tva AS total FROM commande c"
        " JOIN producteur f ON f.id = c.producteur_id JOIN semaine s ON s.id = c.semaine_id"
        " WHERE s.code = :code ORDER BY c.numero",
        week,
    )
    total = sum(int(order["total"]) for order in orders)
    recit.heure(f"Commandes aux fermes : {len(orders)}, pour {euros(total)}.", commandes=orders)
    for order in orders:
        recit.suite(f"{order['numero']}  {order['producteur']} : {euros(order['total'])}")


def _documents(ville: VilleAPart, recit: Recit) -> None:
    began = time.monotonic()
    actes.attendre(ville, "les documents", actes.tout_est_livre)
    folder = ville.var_dir / "documents"
    paths = actes.ranger_les_documents(folder)
    kinds = ("bon", "dossier", "commande")
    by_kind = {kind: [path for path in paths if path.parent.name == kind and path.suffix == ".pdf"] for kind in kinds}
    recit.heure(
        f"{len(by_kind['bon'])} bons de retrait, {len(by_kind['dossier'])} dossiers de maison, "
        f"{len(by_kind['commande'])} bons de commande, en {time.monotonic() - began:.0f} s :",
        documents=[str(path) for path in paths],
    )
    for kind in kinds:
        recit.suite(str(by_kind[kind][0]) if by_kind[kind] else f"(aucun : {kind})")
    recit.suite(f"… et tous les autres dans {folder}")


def _reponses(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(week.commande_le + timedelta(hours=3))
    answers = actes.repondre_aux_commandes(ville)
    recit.heure(
        f"Par le lien de leur courriel, {answers['confirmees']} fermes confirment, "
        f"{answers['manques']} annonce un manque.",
        reponses=dict(answers),
    )


def _retrait(recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(paris(week.retrait_le, heure(17, 30)))
    given = actes.distribuer(rng, week.code)
    recit.heure(f"Aux maisons, {given['remis']} bons scannés, autant de paniers remis.", remis=given["remis"])


def _fin(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(paris(week.retrait_le + timedelta(days=1), heure(0, 10)))
    actes.attendre(ville, "la fin de la semaine", actes.est_dans_l_etat(week.code, "terminee"))
    actes.attendre(ville, "les derniers courriels", actes.tout_est_livre)
    (end,) = _lire(
        "SELECT count(*) AS non_retires, (SELECT count(*) FROM mail WHERE sent_at IS NOT NULL) AS courriels"
        " FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.code = :code AND p.etat = 'non_retire'",
        week,
    )
    recit.heure(
        f"La semaine est terminée : {end['non_retires']} paniers non retirés, {end['courriels']} courriels envoyés.",
        **end,
    )


def _verifier(ville: VilleAPart, recit: Recit) -> int:
    done = subprocess.run(
        flask("verifier"), cwd=ROOT, env=ville.supervisor.environment, capture_output=True, text=True, check=False
    )
    said = done.stdout.strip() or done.stderr.strip()[-500:]
    recit.heure("Les comptes sont vérifiés :", verifier=done.returncode, dit=said.splitlines())
    for line in said.splitlines():
        recit.suite(line)
    return done.returncode


def jour_de_retrait(week: Semaine) -> str:
    return jour(week.retrait_le)


def _en_marge(at: datetime) -> str:
    """``Dimanche 22, 23 h 59``."""
    day, _, hour = instant(at).partition(" à ")
    name, number = day.split()[:2]
    return f"{name.capitalize()} {number}, {hour}"


def _compte(combien: int, un: str, plusieurs: str) -> str:
    """``1 famille vient``, ``3 familles viennent``."""
    return f"{combien} famille {un}" if combien < 2 else f"{combien} familles {plusieurs}"


def _lire(query: str, week: Semaine) -> list[dict[str, Any]]:
    with reading() as session:
        return [dict(row._mapping) for row in session.execute(text(query), {"code": week.code})]
