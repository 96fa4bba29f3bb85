"""Baskets that go to solidarity: given at the end of the day or by their families, due all the same, credited once."""

from datetime import date, time, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel import clock
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.errors import Refus
from paiements import grand_livre
from paiements.echeances import ouvrir_en_lot
from paiements.models.grand_livre import CompteGL
from paniers import retraits, solidarite, verifications
from paniers.annulations import accueillir
from paniers.choix import choisir
from paniers.cloture import cloturer
from paniers.courriels import annonces
from paniers.documents import feuille_jour
from paniers.documents.bons_retrait import lire_dossier
from paniers.documents.dossier import rendre
from paniers.models.semaines import NatureChoix, Semaine
from paniers.retraits import Moyen, Reponse, Verdict
from paniers.semaines import DELAI_DE_CLOTURE
from paniers.solidarite import Fin
from paniers.verifications import solidarite as verifications_solidarite
from tests import fabriques
from tests.paniers.bourg import Bourg, batir, compter, ensemble
from tests.paniers.monde_equipe import JEUDI, Monde, bon, etat, monde, veut_donner

SOIR = paris(JEUDI, time(19))
LE_SOIR = {"par": None, "instant": SOIR}
PRIX = 550


@pytest.fixture
def ici(base: str) -> Monde:
    return monde(SOIR)


def clore(ici: Monde, *donnes: int, a: str = "l’épicerie solidaire") -> Fin:
    with transaction() as session:
        return solidarite.clore(session, ici.semaine_id, ici.ici, donnes, a, **LE_SOIR)  # type: ignore[arg-type]


def reprendre(panier: int) -> None:
    with transaction() as session:
        solidarite.reprendre(session, panier, **LE_SOIR)  # type: ignore[arg-type]


def scanner(ici: Monde, panier: int, maison: int | None = None, jour: date = JEUDI) -> Reponse:
    with transaction() as session:
        agent = fabriques.compte(session).id
        where = frozenset({maison or ici.ici})
        return retraits.scanner(session, bon(panier), par=agent, maisons=where, jour=jour, instant=SOIR)


def fautes() -> list[str]:
    with reading() as session:
        return [
            sentence.format(**row._mapping)
            for sentence, query in verifications_solidarite.CHECKS.items()
            for row in session.execute(query)
        ]


def test_at_the_end_of_the_day_what_is_left_is_kept_or_given(ici: Monde) -> None:
    assert clore(ici, ici.zoe) == Fin(gardes=1, donnes=2)
    assert (etat(ici.samira), etat(ici.zoe), etat(ici.autre)) == ("non_retire", "donne", "a_remettre")
    assert clore(ici, ici.zoe) == Fin(0, 0)
    assert clore(ici, ici.samira, a="une voisine") == Fin(gardes=0, donnes=1)
    assert compter("SELECT count(*) FROM don") == 2
    assert fautes() == []


def test_only_what_is_left_here_is_given_and_never_before_the_day_or_to_nobody(ici: Monde) -> None:
    scanner(ici, ici.samira)
    assert clore(ici, ici.samira, ici.autre).donnes == 0
    assert (etat(ici.samira), etat(ici.autre)) == ("remis", "a_remettre")
    for nobody in ("", "  ", "x" * 81, "une\0voisine"):
        with pytest.raises(Refus):
            clore(ici, ici.zoe, a=nobody)
    with pytest.raises(Refus, match="aucun panier ne se donne avant"), transaction() as session:
        solidarite.donner(
            session, ici.semaine_id, ici.ici, [ici.zoe], "une voisine", par=None, instant=SOIR - timedelta(days=1)
        )
    assert etat(ici.zoe) == "non_retire"


def test_who_comes_for_a_given_basket_is_told_and_it_is_handed_out_only_once_taken_back(ici: Monde) -> None:
    clore(ici, ici.samira)
    assert scanner(ici, ici.samira, jour=JEUDI + timedelta(days=1)).verdict is Verdict.DONNE
    assert etat(ici.samira) == "donne"
    reprendre(ici.samira)
    assert scanner(ici, ici.samira).verdict is Verdict.REMIS
    with pytest.raises(Refus, match="rien à défaire"):
        reprendre(ici.samira)
    assert compter("SELECT count(*) FROM don") == 2
    assert fautes() == []


def test_of_a_gift_and_a_hand_out_at_once_one_wins(ici: Monde) -> None:
    with transaction() as session:
        agent = fabriques.compte(session).id
    gifts = [
        lambda s: solidarite.donner(s, ici.semaine_id, ici.ici, [ici.samira], "une voisine", par=None, instant=SOIR)
    ] * 2
    hand_out = lambda s: retraits.remettre(  # noqa: E731
        s, ici.samira, par=agent, moyen=Moyen.LISTE, maisons=None, instant=SOIR
    )
    ensemble([*gifts, hand_out])
    assert compter("SELECT (SELECT count(*) FROM don) + (SELECT count(*) FROM retrait)") == 1
    assert fautes() == []


def du(panier: int) -> int:
    with reading() as session:
        foyer = session.execute(text("SELECT foyer_id FROM panier WHERE id = :p"), {"p": panier}).scalar_one()
        return grand_livre.solde(session, foyer)


def debiter(ici: Monde, *paniers: int) -> None:
    with transaction() as session:
        for panier in paniers:
            row = session.execute(text("SELECT foyer_id, nombre FROM panier WHERE id = :p"), {"p": panier}).one()
            debit = (panier, row.foyer_id, row.nombre * PRIX, row.nombre * 750)
            grand_livre.debiter_paniers(session, JEUDI, "Panier", [debit])
            ouvrir_en_lot(
                session, cle=ici.code, libelle="Panier", montants={row.foyer_id: row.nombre * PRIX}, instant=SOIR
            )


def crediter(panier: int, motif: str = "hospitalisée") -> bool:
    with transaction() as session:
        return solidarite.crediter(session, panier, motif, **LE_SOIR)  # type: ignore[arg-type]


def test_a_given_basket_stays_due_until_the_coordination_gives_its_price_back_once(ici: Monde) -> None:
    debiter(ici, ici.zoe, ici.samira)
    clore(ici, ici.zoe)
    assert du(ici.zoe) == 2 * PRIX
    for wrong in ("", "x" * 201):
        with pytest.raises(Refus):
            crediter(ici.zoe, wrong)
    at_once = ensemble([lambda s: solidarite.crediter(s, ici.zoe, "hospitalisée", par=None, instant=SOIR)] * 3)
    assert at_once.count(True) == 1
    assert crediter(ici.zoe) is False
    assert du(ici.zoe) == 0
    assert compter("SELECT count(*) FROM echeance WHERE reglee_le IS NOT NULL") == 1
    with reading() as session:
        assert grand_livre.solde_du_compte(session, CompteGL.PARTICIPATION_CCAS) == 2 * 750 + 200
        assert sum(grand_livre.solde_du_compte(session, compte) for compte in CompteGL) == 0
    with pytest.raises(Refus, match="ne se défait plus"):
        reprendre(ici.zoe)
    assert fautes() == []


def test_the_price_of_a_basket_that_was_not_given_or_that_its_family_gave_is_not_given_back(ici: Monde) -> None:
    with pytest.raises(Refus, match="pas été donné"):
        crediter(ici.samira)
    veut_donner(ici.samira)
    clore(ici, ici.samira)
    with pytest.raises(Refus, match="la famille qui a donné"):
        crediter(ici.samira)


@pytest.mark.parametrize(
    ("tampering", "sentence"),
    [
        ("UPDATE panier SET etat = 'donne' WHERE id = {samira}", "dit « donne »"),
        ("UPDATE panier SET etat = 'non_retire' WHERE id = {zoe}", "dit « non_retire »"),
        ("INSERT INTO don (panier_id, a, le) VALUES ({zoe}, 'x', now())", "donné plusieurs fois"),
        ("INSERT INTO retrait (panier_id, moyen, le) VALUES ({zoe}, 'liste', now())", "ou donné et remis"),
        ("INSERT INTO retrait (panier_id, moyen, le) VALUES ({zoe}, 'liste', now())", "2 paniers donnés pour 1"),
        ("INSERT INTO don (panier_id, le, annule_id) SELECT {samira}, now(), id FROM don", "défait autre chose"),
        ("INSERT INTO avoir_panier (panier_id, motif, le) VALUES ({zoe}, 'x', now())", "est recrédité sans"),
    ],
)  # fmt: skip
def test_what_is_tampered_with_is_named(ici: Monde, tampering: str, sentence: str) -> None:
    clore(ici, ici.zoe)
    assert fautes() == []
    with transaction() as session:
        session.execute(text(tampering.format(samira=ici.samira, zoe=ici.zoe)))
    assert any(sentence in fault for fault in fautes()), fautes()


def test_the_week_over_a_household_reads_that_its_basket_was_given_but_not_one_that_gave_it(ici: Monde) -> None:
    with transaction() as session:
        session.execute(text("UPDATE foyer SET email = 'f' || id || '@exemple.test', canal = 'email'"))
    veut_donner(ici.samira)
    clore(ici, ici.zoe)
    with transaction() as session:
        annonces.annoncer_non_retires(session, ici.semaine_id)
    with reading() as session:
        told = session.execute(text("SELECT text FROM mail")).scalars().all()
    assert len(told) == 1
    assert "donné à la solidarité" in told[0]


def test_a_basket_to_give_that_nobody_wished_to_give_is_named(ici: Monde) -> None:
    veut_donner(ici.samira)
    assert any("à donner sans que sa famille" in fault for fault in fautes())


@pytest.mark.parametrize(
    "change",
    ["UPDATE don SET a = 'moi'", "DELETE FROM don", "TRUNCATE don CASCADE", "UPDATE panier SET a_donner = true"],
)
def test_the_database_refuses_to_change_a_gift_or_a_wish(ici: Monde, change: str) -> None:
    clore(ici, ici.zoe)
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(text(change))


# The family's own wish.


@pytest.fixture
def bourg(base: str) -> Bourg:
    with transaction() as session:
        made = batir(session, semaines=1)
        for where in made.maisons:
            foyer = fabriques.foyer(session, maison_id=where).id
            fabriques.abonnement(session, foyer, where)
        return made


def test_a_basket_that_its_family_gives_is_made_paid_and_marked_as_of_the_cut_off(bourg: Bourg) -> None:
    one, other = (compter("SELECT min(id) FROM abonnement"), compter("SELECT max(id) FROM abonnement"))
    with transaction() as session:
        choisir(session, one, bourg.semaine, NatureChoix.SOLIDARITE, instant=bourg.avant(minutes=1))
    with pytest.raises(Refus), transaction() as session:
        choisir(session, other, bourg.semaine, NatureChoix.SOLIDARITE, instant=bourg.cloture_le)
    clock.set_now(bourg.apres(days=3))
    with transaction() as session:
        cloturer(session, bourg.semaine, instant=bourg.cloture_le + DELAI_DE_CLOTURE + timedelta(days=3))
    assert compter("SELECT count(*) FROM panier WHERE a_donner AND abonnement_id = :a", a=one) == 1
    assert compter("SELECT count(*) FROM panier WHERE a_donner") == 1
    assert compter("SELECT count(*) FROM echeance WHERE montant > 0") == 2
    with reading() as session:
        assert verifications.verifier(session) == []


def test_it_is_on_the_list_to_sign_and_has_no_voucher_and_a_scan_asks_first(ici: Monde) -> None:
    veut_donner(ici.samira)
    with reading() as session:
        dossier = lire_dossier(session, ici.semaine_id, ici.ici)
    keys = [fichier.cle for fichier in rendre(dossier)]
    assert f"bon:{ici.samira}" not in keys
    assert f"bon:{ici.zoe}" in keys
    assert [voucher.a_donner for voucher in dossier.bons if voucher.panier_id == ici.samira] == [True]
    assert scanner(ici, ici.samira).verdict is Verdict.A_DONNER
    assert etat(ici.samira) == "a_remettre"
    with transaction() as session:
        agent = fabriques.compte(session).id
        answer = retraits.remettre(session, ici.samira, par=agent, moyen=Moyen.LISTE, maisons=None, instant=SOIR)
    assert answer.verdict is Verdict.REMIS


# The sheet of the day, and baskets that another maison took in.


def test_the_sheet_says_who_came_what_is_left_and_what_was_given(ici: Monde) -> None:
    with transaction() as session:
        foyer = session.execute(text("SELECT foyer_id FROM panier WHERE id = :p"), {"p": ici.samira}).scalar_one()
        fabriques.procuration(session, foyer, prenom="Nour", nom="Amar")
    scanner(ici, ici.samira)
    clore(ici, ici.zoe)
    with reading() as session:
        sheet = feuille_jour.lire(session, ici.semaine_id, ici.ici, SOIR)
    said = {line.prenom: (line.etat, line.proche, line.a) for line in sheet.lignes}
    assert said == {"Samira": ("remis", "Nour Amar", None), "Zoé": ("donne", None, "l’épicerie solidaire")}
    feuille_jour.preparer(ici.semaine_id, ici.ici)
    key = feuille_jour.cle(ici.semaine_id, ici.ici)
    assert compter("SELECT count(*) FROM document WHERE key = :k AND content LIKE '%PDF-1.7%'::bytea", k=key) == 1
    assert compter("SELECT count(*) FROM outbox_fact WHERE name = 'FeuilleDemandee'") == 1


def test_a_basket_taken_in_elsewhere_is_handed_out_there_and_its_maison_says_where(ici: Monde) -> None:
    with transaction() as session:
        accueillir(
            session, ici.semaine_id, ici.ici, ici.ailleurs, motif="fuite d’eau", instant=SOIR - timedelta(days=1)
        )
    assert scanner(ici, ici.samira, ici.ici).verdict is Verdict.AUTRE_MAISON
    assert scanner(ici, ici.samira, ici.ailleurs).verdict is Verdict.REMIS
    with transaction() as session:
        week = session.get_one(Semaine, ici.semaine_id)
        assert week.etat == "commandee"
        given = solidarite.clore(session, week.id, ici.ailleurs, [ici.zoe], "une voisine", par=None, instant=SOIR)
    assert given == Fin(gardes=1, donnes=2)
    assert fautes() == []
