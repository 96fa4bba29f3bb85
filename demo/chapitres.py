"""The chapters of a played week that nobody had planned: a shortage, snow, a missing crate."""

import random
from datetime import time as heure
from datetime import timedelta

from demo import actes, imprevus
from demo.recit import Recit, compte, lire, nombre
from demo.ville_a_part import VilleAPart
from kernel.clock import paris
from kernel.formats import euros
from paniers.models.semaines import Semaine


def reponses(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(week.commande_le + timedelta(hours=3))
    answers = actes.repondre_aux_commandes(ville, avec_un_manque=True)
    short = imprevus.manque_annonce(week.code)
    told = [{"ferme": line.producteur, "produit": line.produit, "en_mots": line.en_mots} for line in short]
    recit.heure(
        f"Par le lien de leur courriel, {nombre(answers['confirmees'], 'ferme confirme', 'fermes confirment')}.",
        reponses=dict(answers),
    )
    for line in short:
        recit.suite(f"{line.producteur} n’aura que {line.en_mots} de {line.produit.lower()}.", manques=told)


def correction(ville: VilleAPart, recit: Recit, week: Semaine) -> None:
    """The basket is completed with something else; whoever is concerned is told once, and the farms confirm again."""
    actes.avancer_l_horloge(week.commande_le + timedelta(hours=5))
    done = imprevus.corriger(week.code, "Le gel a pris une part de la récolte.")
    actes.attendre(ville, "les commandes corrigées", actes.tout_est_livre)
    again = actes.repondre_aux_commandes(ville, avec_un_manque=False)
    (told,) = lire(
        "SELECT count(*) FILTER (WHERE voie = 'courriel') AS courriels FROM message"
        " WHERE modele = 'paniers/panier_corrige'",
        week,
    )
    with_what = f"complète avec : {done.par}" if done.par else "en met moins dans chaque panier"
    recit.heure(f"La coordination {with_what}.", correction={"par": done.par, "commandes": done.commandes})
    recit.suite(
        f"{nombre(done.commandes, 'commande corrigée', 'commandes corrigées')}, "
        f"{nombre(again['confirmees'], 'confirmée')} aussitôt,"
    )
    recit.suite(
        f"{compte(told['courriels'], 'prévenue', 'prévenues')} par courriel, les autres le lisent à leur maison.",
        prevenues=told["courriels"],
    )


def neige(ville: VilleAPart, recit: Recit, rng: random.Random, week: Semaine) -> None:
    """Thursday morning, long after the cut-off: a maison cannot open."""
    actes.avancer_l_horloge(paris(week.retrait_le, heure(8)))
    actes.attendre(ville, "les rappels de la veille", actes.tout_est_livre)
    place, made = imprevus.fermer_une_maison(week.code, "La neige ferme la rue de la maison.")
    actes.attendre(ville, "l’annonce de la fermeture", actes.tout_est_livre)
    told = {
        row["voie"]: row["combien"]
        for row in lire(
            "SELECT voie, count(*) AS combien FROM message WHERE cle LIKE :decision GROUP BY 1",
            week,
            decision=f"distribution:{made.decision_id}:%",
        )
    }
    calls = imprevus.appeler(rng)
    recit.heure(
        f"La neige ferme {place} : {nombre(made.paniers, 'panier annulé', 'paniers annulés')}, "
        f"{euros(made.montant)} recrédités.",
        fermeture={"maison": place, "paniers": made.paniers, "foyers": made.foyers, "montant": made.montant} | told,
    )
    recit.suite(
        f"{compte(made.foyers, 'prévenue', 'prévenues')}, chacune une fois : "
        f"{nombre(told.get('courriel', 0), 'courriel')}, "
        f"{nombre(told.get('appel', 0), 'appel')}, {nombre(told.get('lettre', 0), 'lettre')}."
    )
    bundles = imprevus.imprimer_les_lettres()
    actes.attendre(ville, "les lettres", actes.tout_est_livre)
    recit.suite(
        f"{compte(calls['joints'], 'jointe', 'jointes')} au téléphone, {calls['sans_reponse']} au second appel.",
        appels=dict(calls),
        liasses=bundles,
    )


def arrivee(recit: Recit, week: Semaine) -> None:
    actes.avancer_l_horloge(paris(week.retrait_le, heure(15)))
    crate = imprevus.constater_les_arrivees(week.code)
    recit.heure(
        f"Tout est arrivé, sauf à {crate.maison} : {crate.produit.lower()}, pour {nombre(crate.paniers, 'panier')}.",
        caisse={"maison": crate.maison, "produit": crate.produit, "paniers": crate.paniers},
    )
