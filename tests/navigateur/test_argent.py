"""Money, in a browser: the agent gives change, a family pays by card before its bank and signs a mandate."""

from typing import NamedTuple

import pytest
import requests
from sqlalchemy import text

from foyers.models import Compte
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.web.access import Role
from paiements import grand_livre, verifications
from tests.navigateur.ecran import Ecran, NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import Moment, Temps

pytestmark = pytest.mark.navigateur

CARTE_3DS = "4000 0000 0000 3220"
IBAN = "FR14 2004 1010 0505 0001 3M02 606"
# Households that pay at their maison and owe something; not the family of the other tests.
_DOIVENT = text(
    "SELECT f.id, f.nom FROM foyer f JOIN maison l ON l.id = f.maison_id JOIN mouvement m ON m.foyer_id = f.id "
    "JOIN reglement r ON r.foyer_id = f.id AND r.mode = 'maison' WHERE f.id > (SELECT min(id) FROM foyer) "
    "AND (CAST(:maison AS text) IS NULL OR l.nom = :maison) GROUP BY f.id, f.nom "
    "HAVING sum(m.montant) BETWEEN :du AND 5000 ORDER BY sum(m.montant), f.id"
)
_MOT_DE_PASSE = text("SELECT mot_de_passe FROM compte WHERE role = 'habitant' ORDER BY id LIMIT 1")


class Famille(NamedTuple):
    foyer_id: int
    nom: str


@pytest.fixture
def jeudi(temps: Temps) -> Temps:
    """Thursday, half past five: what the week costs is due, and the doors are open."""
    temps.aller(Moment.RETRAIT)
    return temps


def familles(maison: str | None = None, du: int = 50) -> list[Famille]:
    """Those who owe at least that much, in centimes, the least first."""
    with reading() as session:
        return [Famille(*row) for row in session.execute(_DOIVENT, {"maison": maison, "du": du})]


def compte_de(famille: Famille) -> str:
    """An account of that household, as it opened one at the counter; what it signs in with."""
    email = f"famille-{famille.foyer_id}@exemple.test"
    with transaction() as session:
        known = session.execute(_MOT_DE_PASSE).scalar_one()
        session.add(
            Compte(
                nom=famille.nom, role=Role.HABITANT, email=email, mot_de_passe=known, foyer_id=famille.foyer_id,
                cree_le=now(),
            )
        )  # fmt: skip
    return email


def lignes(foyer_id: int) -> list[tuple[str, int]]:
    """The household's account: (key without its number, centimes), oldest first."""
    with reading() as session:
        return [(o.cle.partition(":")[0], o.montant) for o in grand_livre.lignes_du_compte(session, foyer_id)]


def solde(foyer_id: int) -> int:
    with reading() as session:
        return grand_livre.solde(session, foyer_id)


def tenu(compte: str, foyer_id: int) -> int:
    """Centimes that the household's entries have moved on that account of the ledger."""
    query = text(
        "SELECT coalesce(sum(o.montant), 0) FROM mouvement o WHERE o.compte = :compte AND EXISTS "
        "(SELECT FROM mouvement f WHERE f.ecriture_id = o.ecriture_id AND f.foyer_id = :foyer)"
    )
    with reading() as session:
        return int(session.execute(query, {"compte": compte, "foyer": foyer_id}).scalar_one())


def sain() -> bool:
    with reading() as session:
        return verifications.verifier(session) == []


def test_the_agent_takes_twenty_euros_for_five_fifty_and_reads_what_to_give_back(
    jeudi: Temps, ouvrir: NouvelEcran
) -> None:
    famille = familles("Le Patio", 550)[0]
    before, held, owed = lignes(famille.foyer_id), tenu("caisse", famille.foyer_id), solde(famille.foyer_id)
    ecran = ouvrir("agente")
    ecran.ouvrir(f"/guichet/foyers/{famille.foyer_id}")
    assert "€" not in ecran.texte, "no amount before a second tap"
    ecran.suivre("Encaisser")
    assert f"À payer aujourd’hui {_euros(owed)}" in " ".join(ecran.texte.split())
    ecran.remplir("Montant à encaisser", "5,50")
    capturer(ecran, "argent-encaisser")
    faults = examiner(ecran)
    with ecran.page.expect_navigation():
        ecran.page.locator("[data-billet][value='2000']").click()
    assert "À rendre 14,50 €" in " ".join(ecran.texte.split())
    assert "1 billet de 10 €, 2 pièces de 2 €, 1 pièce de 50 centimes" in ecran.texte
    capturer(ecran, "argent-a-rendre")
    faults += examiner(ecran)
    assert lignes(famille.foyer_id) == [*before, ("quittance", -550)]
    assert tenu("caisse", famille.foyer_id) == held + 550, "what was given back never was the till's"
    assert solde(famille.foyer_id) == owed - 550
    assert faults == []


def _euros(centimes: int) -> str:
    return f"{centimes // 100},{centimes % 100:02d} €"


def payer(ecran: Ecran, montant: str) -> None:
    """From the account to the bank's page, by a card that asks for its holder each time."""
    ecran.ouvrir("/paiements/mon-compte")
    ecran.appuyer(f"Payer {montant}")
    ecran.remplir("Numéro de la carte", CARTE_3DS)
    ecran.remplir("Expire fin", "12 / 34")
    ecran.remplir("Code (CVC)", "123")
    ecran.appuyer(f"Payer {montant}")
    assert ecran.titre == "Est-ce bien vous ?"


def test_a_family_pays_its_balance_by_card_once_its_bank_has_heard_it(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    famille = familles()[-1]
    before, owed = lignes(famille.foyer_id), solde(famille.foyer_id)
    montant = _euros(owed)
    ecran = ouvrir(compte_de(famille))
    ecran.ouvrir("/paiements/mon-compte")
    assert f"Reste à payer : {montant}" in ecran.texte
    capturer(ecran, "argent-compte-reste")
    faults = examiner(ecran)

    payer(ecran, montant)
    capturer(ecran, "argent-banque")
    with ecran.statut_attendu(402):
        ecran.appuyer("Refuser")
    assert "Rien n’a été débité" in ecran.texte
    capturer(ecran, "argent-banque-refus")
    ecran.suivre("Revenir sans payer")
    assert ecran.titre == "Vous êtes revenu sans payer"
    capturer(ecran, "argent-renonce")
    faults += examiner(ecran)
    assert lignes(famille.foyer_id) == before, "a page left alone has moved nothing"

    payer(ecran, montant)
    ecran.appuyer("Authentifier")
    assert ecran.titre == "Merci, c’est payé"
    assert f"Nous avons bien reçu {montant}" in ecran.texte
    capturer(ecran, "argent-paye")
    faults += examiner(ecran)
    jeudi.tout_livre()
    assert lignes(famille.foyer_id) == [*before, ("paiement", -owed)]
    assert pris_par_stripe(jeudi, famille.foyer_id) == [owed]
    ecran.page.reload()
    jeudi.tout_livre()
    assert lignes(famille.foyer_id) == [*before, ("paiement", -owed)], "read again, it is the same payment"
    ecran.suivre("Voir mon compte")
    assert "Rien à payer" in ecran.texte
    faults += demander_le_recu(ecran)
    assert faults == []
    assert sain()


def demander_le_recu(ecran: Ecran) -> list[str]:
    """The receipt of the last payment: asked for, waited for, opened."""
    ecran.suivre("Demander le reçu d’un paiement en ligne")
    capturer(ecran, "argent-recus")
    faults = examiner(ecran)
    ecran.bouton("Demander le reçu").first.click()
    link = ecran.page.get_by_role("link", name="Ouvrir le PDF")
    link.wait_for()
    capturer(ecran, "argent-recu-pret")
    faults += examiner(ecran)
    address = link.get_attribute("href")
    assert address is not None
    made = ecran.contexte.request.get(ecran.site + address)
    assert (made.status, made.headers["content-type"], made.body()[:5]) == (200, "application/pdf", b"%PDF-")
    return faults


def pris_par_stripe(temps: Temps, foyer_id: int) -> list[int]:
    """What Stripe says it has taken for the payments of that household's own pages, today."""
    query = text("SELECT stripe_id FROM paiement WHERE foyer_id = :f AND nature = 'en_ligne' AND etat = 'reussi'")
    with reading() as session:
        known = set(session.execute(query, {"f": foyer_id}).scalars())
    taken = requests.get(f"{temps.ville.stripe}/_local/objets/payment_intent", timeout=30).json()
    return [one["amount_received"] for one in taken if one["id"] in known and one["status"] == "succeeded"]


def test_a_family_lets_its_bank_account_be_debited(jeudi: Temps, ouvrir: NouvelEcran) -> None:
    famille = familles()[-2]
    before = lignes(famille.foyer_id)
    ecran = ouvrir(compte_de(famille))
    ecran.ouvrir("/paiements/mon-compte")
    ecran.appuyer("Payer par prélèvement bancaire")
    assert ecran.titre == "Autoriser un prélèvement"
    ecran.remplir("IBAN", "FR14 2004 1010 0505 0001 3M02 607")
    ecran.remplir("Nom du titulaire", "Claire Petit")
    with ecran.statut_attendu(422):
        ecran.appuyer("J’autorise le prélèvement")
    assert "Cet IBAN n’est pas valide" in ecran.texte
    capturer(ecran, "argent-iban-faux")
    ecran.remplir("IBAN", IBAN)
    ecran.appuyer("J’autorise le prélèvement")
    assert ecran.titre == "Votre prélèvement est autorisé"
    with reading() as session:
        query = text("SELECT m.reference, r.mode FROM mandat m JOIN reglement r USING (foyer_id) WHERE foyer_id = :f")
        reference, mode = session.execute(query, {"f": famille.foyer_id}).one()
    assert mode == "sepa"
    assert reference in ecran.texte
    capturer(ecran, "argent-mandat")
    faults = examiner(ecran)
    ecran.suivre("Voir mon compte")
    assert "Compte bancaire se terminant par 2606" in ecran.texte
    assert f"Mandat {reference}" in ecran.texte
    capturer(ecran, "argent-compte-sepa")
    faults += examiner(ecran)
    assert lignes(famille.foyer_id) == before, "signing takes nothing"
    assert faults == []
