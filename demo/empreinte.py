"""The digest of a town: same seed and same day, same digest. Random keys, salts and sealed bytes are left out."""

import hashlib

from sqlalchemy import text
from sqlalchemy.orm import Session

LECTURES = (
    "SELECT nom, adresse, places FROM maison ORDER BY nom",
    "SELECT nom, siret FROM producteur ORDER BY nom",
    "SELECT nom, prix_indicatif FROM produit ORDER BY nom",
    "SELECT numero, producteur_id, debut, fin FROM contrat ORDER BY numero",
    "SELECT contrat_id, effet_le, produit_id, prix FROM prix_convenu ORDER BY contrat_id, effet_le, produit_id",
    "SELECT id, nom, email, telephone, maison_id, cree_le FROM foyer ORDER BY id",
    "SELECT id, foyer_id, prenom, nom, adulte FROM membre ORDER BY id",
    "SELECT foyer_id, mois, source, declare_le, verifie_le, valide_jusqu_au FROM justificatif_qf ORDER BY id",
    "SELECT abonnement_id, maison_id, debut, fin, depuis FROM abonnement_version ORDER BY id",
    "SELECT abonnement_id, du, au, posee_le, levee_le FROM pause ORDER BY abonnement_id, du",
    "SELECT semaine_id, abonnement_id, nature, maison_id, fait_le FROM choix ORDER BY semaine_id, abonnement_id",
    "SELECT foyer_id, mode, client_stripe FROM reglement ORDER BY foyer_id",
    "SELECT foyer_id, stripe_id, enregistree_le FROM carte ORDER BY foyer_id",
    "SELECT code, etat, cloture_le FROM semaine ORDER BY code",
    "SELECT e.semaine_id, e.de, e.vers, e.le FROM semaine_etape e ORDER BY e.semaine_id, e.id",
    "SELECT semaine_id, producteur_id, produit_id, quantite, prix FROM offre ORDER BY id",
    "SELECT composition_id, offre_id, quantite FROM composition_ligne ORDER BY composition_id, offre_id",
    "SELECT semaine_id, abonnement_id, maison_id, numero, prix, etat FROM panier ORDER BY semaine_id, abonnement_id",
    "SELECT p.semaine_id, p.abonnement_id, r.moyen, r.le FROM retrait r JOIN panier p ON p.id = r.panier_id"
    " ORDER BY 1, 2, r.le",
    "SELECT p.foyer_id, e.cle, p.nature, p.montant, p.etat, p.conclu_le FROM paiement p"
    " JOIN echeance e ON e.id = p.echeance_id ORDER BY 1, 2, 3, 6",
    "SELECT numero, total_ht, tva, etat FROM commande ORDER BY numero",
    "SELECT foyer_id, cle, montant, mode, reglee_le FROM echeance ORDER BY foyer_id, cle",
    "SELECT foyer_id, prenom, nom, du, donnee_le FROM procuration ORDER BY foyer_id, id",
    "SELECT foyer_id, faite_le FROM carte_retrait ORDER BY foyer_id",
    "SELECT foyer_id, sorte, recoit FROM preference_message ORDER BY foyer_id, sorte",
    "SELECT maison_id, foyer_id, nombre, depuis, etat FROM attente ORDER BY id",
    "SELECT semaine_id, numero, credit, faite_le FROM correction ORDER BY semaine_id, numero",
    "SELECT offre_id, avant, apres FROM correction_ligne ORDER BY correction_id, offre_id",
    "SELECT semaine_id, maison_id, nature, jour, depuis FROM distribution ORDER BY id",
    "SELECT maison_id, du, au FROM fermeture ORDER BY id",
    "SELECT cle, voie FROM message ORDER BY cle",
    "SELECT id, titre, maison_id, lieu_id, grille_id, etat, debut_le, places FROM sortie ORDER BY id",
    "SELECT foyer_id, membre_id, saison, prix, delivre_le, avis_id IS NULL FROM pass_culture ORDER BY id",
    "SELECT id, sortie_id, foyer_id, groupe_id, etat, depuis, expire_le, ecriture FROM inscription ORDER BY id",
    "SELECT inscription_id, membre_id, prenom, nom, prix, annulee_le, presence FROM place_sortie ORDER BY id",
    "SELECT place_id, presence, motif, le FROM pointage ORDER BY id",
    "SELECT inscription_id, note, mot, partage FROM avis_sortie ORDER BY inscription_id",
    "SELECT sortie_id, genre, places, le FROM reponse_lieu ORDER BY id",
    "SELECT sortie_id, version, nombre FROM contremarque ORDER BY id",
    "SELECT sortie_id, nombre FROM billets_recus ORDER BY id",
    "SELECT sortie_id, reference, datee_du, montant, reprise_motif FROM facture_lieu ORDER BY id",
    "SELECT annee, numero, foyer_id, moyen, montant, emise_le FROM quittance ORDER BY id",
    "SELECT cle, jour FROM ecriture WHERE cle NOT LIKE 'paiement:%' AND cle NOT LIKE 'panier:%'"
    " AND cle NOT LIKE 'frais:%' AND cle NOT LIKE 'virement:%' ORDER BY cle",
    "SELECT foyer_id, sum(montant) FROM mouvement WHERE compte = 'foyer' GROUP BY foyer_id ORDER BY foyer_id",
)


def empreinte(session: Session) -> str:
    """Sixteen hexadecimal figures that stand for the whole town."""
    digest = hashlib.sha256()
    for query in LECTURES:
        for row in session.execute(text(query)):
            digest.update(repr(tuple(row)).encode())
    return digest.hexdigest()[:16]
