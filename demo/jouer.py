"""`flask demo jouer`: one whole week of a fresh town, from Friday's composition to the Friday after, told as a story.

The town runs as `make run` starts it: web, relay, timetable, workers, local Stripe and mailbox, each a process. Only
the clock is moved; closing, charging, ordering, mailing and PDFs happen by themselves, and are waited for.
"""

import json
import os
import random
import subprocess
import time
from datetime import date, timedelta
from datetime import time as heure
from pathlib import Path

import click

from demo import actes, chapitres, chapitres_culture, dons, imprevus
from demo.lancer import ROOT, flask
from demo.recit import Recit, compte, lire, nombre
from demo.ville_a_part import VilleAPart, ville_a_part
from kernel import clock
from kernel.clock import paris
from kernel.db import reading
from kernel.formats import euros, jour
from paniers.models.semaines import Semaine
from paniers.semaines import prochaine_ouverte


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
    chapitres_culture.reservations(ville, recit, random.Random(week.code), week)
    chapitres_culture.soiree(ville, recit, week)
    _choix(recit, rng, week)
    _places(ville, recit, week)
    _cloture(ville, recit, week)
    _prelevements(ville, recit, week)
    _commandes(ville, recit, week)
    _documents(ville, recit, week)
    chapitres.reponses(ville, recit, week)
    chapitres.correction(ville, recit, week)
    chapitres.neige(ville, recit, rng, week)
    chapitres.arrivee(recit, week)
    _retrait(recit, rng, week)
    _restes(recit, week)
    _fin(ville, recit, week)


def _composition(recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(week.publication_le - timedelta(hours=1))
    poids, cout, produits = actes.composer(rng, week.code)
    recit.heure("La coordination compose le panier de la semaine :")
    recit.suite(f"{', '.join(produits).lower()}.", composition=produits)
    recit.suite(f"{poids / 1000:.2f} kg, {euros(cout)}.".replace(".", ",", 1), poids=poids, cout=cout)


def _places(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    """Places come free at the maison that is full: those who wait are offered them in turn."""
    taken = imprevus.accepter_les_places()
    actes.attendre(ville, "les places offertes", actes.tout_est_livre)
    (list_,) = lire(
        "SELECT count(*) FILTER (WHERE etat = 'en_attente') AS attendent,"
        " count(*) FILTER (WHERE offerte_le IS NOT NULL) AS offertes FROM attente",
        week,
    )
    recit.heure(
        f"Liste d’attente : {nombre(list_['offertes'], 'place offerte', 'places offertes')}, {nombre(taken, 'prise')}.",
        acceptees=taken,
        **list_,
    )


def _choix(recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(week.cloture_le - timedelta(hours=30))
    told = actes.decider(rng, week.code)
    recit.heure("Les familles décident, jusqu’à dimanche 23 h 59 :", choix=dict(told))
    proches = imprevus.nommer_des_proches(rng, week.code)
    recit.chiffres |= {"procurations": proches}
    recit.suite(f"{compte(told['absents'], 'ne vient', 'ne viennent')} pas cette semaine,")
    recit.suite(f"{compte(proches, 'envoie', 'envoient')} un proche,")
    recit.suite(f"{compte(told['dons'], 'donne son panier', 'donnent leur panier')} à la solidarité,")
    recit.suite(f"{compte(told['ailleurs'], 'retire', 'retirent')} dans une autre maison,")
    recit.suite(f"{compte(told['pauses'], 'fait', 'font')} une pause, {compte(told['departs'], 'part', 'partent')},")
    recit.suite(f"{compte(told['quotients'], 'donne', 'donnent')} un nouveau quotient familial.")


def _cloture(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(week.cloture_le + timedelta(minutes=2))
    actes.attendre(ville, "la clôture", actes.est_dans_l_etat(week.code, "cloturee"))
    bands = lire(
        "SELECT p.tranche, p.prix, sum(p.nombre) AS paniers, sum(p.nombre * p.prix) AS total FROM panier p"
        " JOIN semaine s ON s.id = p.semaine_id WHERE s.code = :code GROUP BY 1, 2 ORDER BY 2",
        week,
    )
    baskets, total = (sum(int(band[name]) for band in bands) for name in ("paniers", "total"))
    recit.heure(f"Clôture : {baskets} paniers figés, pour {euros(total)}.", paniers=baskets, total=total)
    recit.suite(", ".join(f"{band['paniers']} à {euros(int(band['prix']))}" for band in bands) + ".", tranches=bands)


def _prelevements(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.attendre(ville, "les prélèvements", actes.tout_est_livre)
    (charged,) = lire(
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
    orders = lire(
        "SELECT f.nom AS producteur, c.numero, c.total_ht + c.tva AS total FROM commande c"
        " JOIN producteur f ON f.id = c.producteur_id JOIN semaine s ON s.id = c.semaine_id"
        " WHERE s.code = :code ORDER BY c.numero",
        week,
    )
    total = sum(int(order["total"]) for order in orders)
    recit.heure(f"Commandes aux fermes : {len(orders)}, pour {euros(total)}.", commandes=orders)
    for order in orders:
        recit.suite(f"{order['numero']}  {order['producteur']} : {euros(order['total'])}")


def _documents(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    began = time.monotonic()
    cards = imprevus.faire_les_cartes(week.code)
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
    recit.suite(f"{nombre(cards, 'carte')} de retrait pour les familles sans courriel ni téléphone.", cartes=cards)


def _retrait(recit: Recit, rng: random.Random, week: Semaine) -> None:
    actes.avancer_l_horloge(paris(week.retrait_le, heure(17, 30)))
    given = actes.distribuer(rng, week.code)
    (by_others,) = lire(
        "SELECT count(*) AS proches FROM retrait r JOIN panier p ON p.id = r.panier_id"
        " WHERE p.semaine_id = :semaine AND r.procuration_id IS NOT NULL",
        week,
    )
    recit.heure(
        f"Aux maisons, {given['remis']} paniers remis : {given['bons']} par leur bon, {given['cartes']} par une carte,",
        remis=given["remis"],
        moyens={means: given[means] for means in ("bons", "cartes", "listes")},
    )
    recit.suite(
        f"{given['listes']} par la bénévole qui tient la liste ; {by_others['proches']} à un proche.", **by_others
    )
    shared = dons.remettre_les_dons(week.code)
    recit.suite(
        f"{nombre(shared['promis'], 'panier promis', 'paniers promis')} à la solidarité "
        f"{'va' if shared['promis'] < 2 else 'vont'} à {dons.A_QUI}.",
        solidarite=dict(shared),
    )


def _restes(recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(paris(week.retrait_le, heure(19, 40)))
    told = imprevus.donner_les_restes(week.code)
    given = nombre(told["donnes"], "panier donné", "paniers donnés")
    recit.heure(f"{given} à la solidarité, {nombre(told['gardes'], 'gardé')} jusqu’à demain.", restes=dict(told))


def _fin(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(paris(week.retrait_le + timedelta(days=1), heure(0, 10)))
    actes.attendre(ville, "la fin de la semaine", actes.est_dans_l_etat(week.code, "terminee"))
    actes.attendre(ville, "les derniers courriels", actes.tout_est_livre)
    imprevus.imprimer_les_lettres()
    actes.attendre(ville, "les lettres", actes.tout_est_livre)
    (end,) = lire(
        "SELECT count(*) AS non_retires, (SELECT count(*) FROM mail WHERE sent_at IS NOT NULL) AS courriels,"
        " (SELECT count(*) FROM lettre WHERE liasse_id IS NOT NULL) AS lettres"
        " FROM panier WHERE semaine_id = :semaine AND etat = 'non_retire'",
        week,
    )
    recit.heure(
        f"La semaine est terminée : {nombre(end['non_retires'], 'panier non retiré', 'paniers non retirés')}, "
        f"{end['courriels']} courriels,",
        **end,
    )
    recit.suite(f"{nombre(end['lettres'], 'lettre imprimée', 'lettres imprimées')} par les maisons.")


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
