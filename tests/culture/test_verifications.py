"""Each rule of passes and outings sees what it is there for: the season is sound, then somebody tampers with it."""

import pytest
from sqlalchemy import text

from culture.pass_culture import delivrer
from kernel.db import transaction
from tests.culture.bourg import MAINTENANT, Saison, batir, fautes, habiter, reserver

SANS_GARDE = "SET session_replication_role = replica; "


@pytest.fixture
def saison(base: str) -> Saison:
    """Five seats: three are booked and two offered to nobody; a group of three waits; somebody has paid a pass."""
    with transaction() as session:
        made = batir(session, places=5)
    reserver(made, habiter(made, [3])[0])
    reserver(made, habiter(made, [3])[0], attendre=True)
    payer = habiter(made, [1], passes=False)[0]
    with transaction() as session:
        delivrer(
            session, foyer_id=payer.foyer, membre_ids=payer.membres, avis_id=None, saison=2026, instant=MAINTENANT,
            par=None,
        )  # fmt: skip
    return made


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        ("UPDATE sortie SET places = 2", "3 places tenues pour 2"),
        ("INSERT INTO sortie_quota SELECT s.id, s.maison_id, 9 FROM sortie s", "9 places sont réservées aux maisons"),
        ("UPDATE place_sortie SET annulee_le = now()", "personne n’y a de place"),
        ("UPDATE sortie SET etat = 'annulee'", "sa sortie est annulée"),
        (
            "UPDATE place_sortie SET membre_id = (SELECT max(id) FROM membre) WHERE id = 1",
            "quelqu’un d’un autre foyer",
        ),
        ("UPDATE place_sortie SET prix = 300 WHERE id = (SELECT min(id) FROM place_sortie)", "doit 1100 centimes"),
        ("UPDATE ecriture SET cle = 'autre' WHERE cle LIKE 'sortie:%'", "le compte du foyer en dit 0"),
        ("UPDATE pass_culture SET prix = 900 WHERE prix = 1200", "a coûté 900 centimes"),
        ("UPDATE pass_culture SET annule_le = now() WHERE prix = 1200", "a coûté 0 centimes"),
        ("DELETE FROM inscription_etape", "sa dernière étape l’a mise"),
        ("DELETE FROM sortie_etape", "La sortie"),
        (
            "UPDATE inscription SET etat = 'offerte', offerte_le = now() - interval '1 year',"
            " expire_le = now() - interval '11 months' WHERE etat = 'en_attente'",
            "garde des places que son délai a rendues",
        ),
        ("UPDATE sortie SET places = 6", "3 places sont libres"),
        (
            "UPDATE inscription SET etat = 'annulee', close_le = now() WHERE etat = 'confirmee'",
            "a des places pour 0 centimes, et la billetterie en compte 3600",
        ),
        (
            "UPDATE place_sortie SET cout = 900 WHERE id = (SELECT min(id) FROM place_sortie)",
            "a des places pour 3300 centimes, et la billetterie en compte 3600",
        ),
        (
            "UPDATE mouvement SET montant = montant - 100 WHERE compte = 'billetterie'",
            "a des places pour 3600 centimes, et la billetterie en compte 3700",
        ),
        ("INSERT INTO avis_sortie SELECT min(id), 4, '', now(), false FROM inscription", "L’avis"),
        (
            "INSERT INTO sortie_version SELECT id, 1, lieu_id, debut_le, 90, rendez_vous_le, 'ici', now() FROM sortie",
            "ses changements gardés",
        ),
    ],
)
def test_a_rule_that_is_broken_is_told(saison: Saison, tampering: str, said: str) -> None:
    assert fautes() == []
    with transaction() as session:
        session.execute(text(SANS_GARDE + tampering))
        session.execute(text("SET session_replication_role = DEFAULT"))
    assert any(said in fault for fault in fautes()), fautes()
