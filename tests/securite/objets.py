"""What an address may name.

`OBJETS` says of each argument that an address may hold what "mine" and "somebody else's" are. A route with an argument
that is not in it fails the tests until somebody says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Map, Rule

from culture.liens import jeton_d_avis, jeton_de_places
from foyers.models_messages import Sorte
from foyers.preferences import lien_des_messages
from kernel.db import transaction
from kernel.web.access import Role
from paiements.liens import jeton
from paniers.liens import jeton_d_offres, jeton_de_commande, jeton_de_place
from tests.securite.objets_de_l_argent import (
    aide,
    annee,
    ecart,
    etat_de_restes,
    mandataire,
    paiement,
    quittance,
    recu,
    reste,
    tirage,
    versement,
)
from tests.securite.objets_de_la_culture import (
    contremarque,
    groupe,
    inscription,
    lien_de_la_contremarque,
    lien_de_lieu,
    pass_delivre,
    personne_de_groupe,
    place_de_sortie,
    prix_de_tarif,
    soiree,
    sortie,
    sortie_facturee,
    sortie_tenue,
    tarif,
)
from tests.securite.objets_des_paniers import (
    appel,
    arrivee,
    calendrier,
    carte_retrait,
    compte,
    contrat,
    fermeture,
    grille,
    importation,
    jeton_d_oubli,
    jeton_de_terme,
    justificatif,
    liasse,
    livraison,
    membre,
    offre,
    panier,
    pause,
    place_offerte,
    procuration,
    semaine_ouverte,
)
from tests.securite.scene import Cote, Scene

Fabrique = Callable[[Session, Scene, Cote], object]


@dataclass(frozen=True)
class Objet:
    """What an argument names: made anew for each request on one side of the town, as requests use it up.

    `a_tous` says why it has no owner: then "somebody else's" does not exist.
    """

    faire: Fabrique
    a_tous: str = ""


OBJETS: dict[str, Objet] = {
    "groupe_id": Objet(groupe),
    "personne_id": Objet(personne_de_groupe, a_tous="of another group it is left alone"),
    "contremarque_id": Objet(contremarque, a_tous="the coordination, and the venue by its link, read every version"),
    "soiree_id": Objet(soiree),
    "place_id": Objet(place_de_sortie),
    "sortie_id": Objet(sortie, a_tous="the programme is everybody's"),
    "inscription_id": Objet(inscription),
    "pass_id": Objet(pass_delivre),
    "foyer_id": Objet(lambda _, __, cote: cote.foyer),
    "membre_id": Objet(membre),
    "compte_id": Objet(compte),
    "justificatif_id": Objet(justificatif),
    "panier_id": Objet(panier),
    "pause_id": Objet(pause),
    "carte_id": Objet(carte_retrait),
    "procuration_id": Objet(procuration),
    "maison_id": Objet(lambda _, __, cote: cote.maison),
    "commande_id": Objet(lambda _, __, cote: cote.commande),
    "offre_id": Objet(offre),
    "appel_id": Objet(appel),
    "liasse_id": Objet(liasse),
    "arrivee_id": Objet(arrivee, a_tous="the coordination looks after every maison's arrivals"),
    "fermeture_id": Objet(fermeture, a_tous="the coordination looks after every maison's closing days"),
    "quittance_id": Objet(quittance),
    "paiement_id": Objet(paiement, a_tous="the régisseur answers for every payment"),
    "recu_id": Objet(recu),
    "aide_id": Objet(aide),
    "annee": Objet(
        annee, a_tous="a year is everybody's; whose payments are told is the address's household, or one's own"
    ),
    "versement_id": Objet(versement, a_tous="the régisseur answers for the deposits of every till"),
    "tirage_id": Objet(tirage, a_tous="the régisseur answers for the journal of every till"),
    "etat_id": Objet(etat_de_restes, a_tous="the régisseur answers for what every household owes"),
    "reste_id": Objet(
        lambda session, _, cote: reste(session, cote).id,
        a_tous="the régisseur answers for what every household owes",
    ),
    "mandataire_id": Objet(mandataire, a_tous="the régisseur names who takes money at every till"),
    "ecart_id": Objet(ecart, a_tous="the régisseur explains every difference"),
    "contrat_id": Objet(contrat, a_tous="the coordination looks after every producer's contract"),
    "grille_id": Objet(grille, a_tous="a grid is the whole town's"),
    "tarif_id": Objet(tarif, a_tous="the price of an outing is everybody's"),
    "prix_id": Objet(prix_de_tarif, a_tous="the price of an outing is everybody's"),
    "calendrier_id": Objet(calendrier, a_tous="a rhythm is the whole town's"),
    "delivery_id": Objet(livraison, a_tous="a delivery is the operators'"),
    "semaine_id": Objet(lambda _, scene, __: scene.semaine, a_tous="a week is the whole town's"),
    "code": Objet(lambda _, scene, __: scene.code_ouvert, a_tous="a week is the whole town's"),
    "importation_id": Objet(importation, a_tous="a spreadsheet of the whole town is the coordination's"),
    "quoi": Objet(lambda *_: "remarques", a_tous="a word"),
    "produit_id": Objet(lambda _, scene, __: scene.produit, a_tous="the catalogue is everybody's"),
    "filename": Objet(lambda *_: "css/paniers.css", a_tous="style, scripts and drawings"),
    "geste": Objet(lambda *_: "livrer", a_tous="a word"),
    "genre": Objet(lambda *_: "pdf", a_tous="a word"),
}
# By blueprint, where the pages are about such things at another point of their life.
AILLEURS_DANS_LEUR_VIE: dict[tuple[str, str], Objet] = {
    ("factures_culture", "sortie_id"): Objet(
        sortie_facturee,
        a_tous="the coordination looks after what every venue invoices",
    ),
}
# A signed link is opened by whoever holds it: what is not ours is a link that was signed for another purpose
# (test_liens_signes). By blueprint, or by page where a blueprint has several:
JETONS: dict[str, Fabrique] = {
    "comptes": lambda session, _, cote: jeton_d_oubli(session, cote.compte),
    "messages": lambda _, __, cote: lien_des_messages(cote.foyer, Sorte.RETRAIT).rpartition("/")[2],
    "paiements": lambda _, __, cote: jeton(cote.echeance),
    "producteurs": lambda _, __, cote: jeton_de_commande(cote.commande),
    "paniers.place_par_lien": lambda session, _, __: jeton_de_place(place_offerte(session)),
    "paniers.renouveler_par_lien": lambda session, _, cote: jeton_de_terme(session, cote),
    "culture.places_par_lien": lambda session, scene, cote: jeton_de_places(
        inscription(session, scene, cote, "offerte")
    ),
    "culture.avis_par_lien": lambda session, scene, cote: jeton_d_avis(sortie_tenue(session, scene, cote), cote.foyer),
    "partenaires.sortie": lien_de_lieu,
    "partenaires.contremarque": lambda session, _, __: lien_de_la_contremarque(session),
    "offres_par_lien": lambda session, scene, cote: jeton_d_offres(cote.ferme, semaine_ouverte(session)),
}
# Whose reach ends somewhere; the coordination and the administration look after the whole town.
BORNES = frozenset({Role.HABITANT, Role.AGENT, Role.BENEVOLE, Role.PRODUCTEUR})


def objet(rule: Rule, name: str) -> Objet:
    if name == "jeton":
        signed = JETONS.get(rule.endpoint) or JETONS[rule.endpoint.split(".")[0]]
        return Objet(signed, a_tous="whoever holds the link opens it")
    return AILLEURS_DANS_LEUR_VIE.get((rule.endpoint.split(".")[0], name)) or OBJETS[name]


def adresse(app: Flask, rule: Rule, scene: Scene, *, d_autrui: frozenset[str] = frozenset()) -> str:
    """The rule's address, naming fresh objects of `ici`, and of `ailleurs` for the arguments of `d_autrui`."""
    with transaction() as session:
        named = {
            name: objet(rule, name).faire(session, scene, scene.ailleurs if name in d_autrui else scene.ici)
            for name in sorted(rule.arguments)
        }
    return construire(app.url_map, rule, named)


def construire(url_map: Map, rule: Rule, named: dict[str, object]) -> str:
    built = rule.build({key: str(value) if isinstance(value, str) else value for key, value in named.items()})
    assert built is not None, rule
    return built[1]
