"""What families and the coordination are told of a week: in time, once, whoever asks twice or at once."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import select, text, update

from foyers.models_messages import Lettre, Message, Sorte
from foyers.preferences import regler
from kernel import documents
from kernel.clock import paris
from kernel.db import reading, transaction
from kernel.mail import Mail
from kernel.outbox import Delivery, FactRow, State
from kernel.web.access import Role
from paniers.courriels import annonces
from paniers.courriels import equipe as alertes_equipe
from paniers.models.producteurs import Commande, Composition
from paniers.models.semaines import Choix, Semaine
from tests import fabriques
from tests.paniers import bourg
from tests.paniers.bourg import JEUDI, Bourg, compter, ensemble

VENDREDI = paris(JEUDI - timedelta(days=6), time(18))
SAMEDI_MATIN = paris(JEUDI - timedelta(days=5), time(9))
SAMEDI_SOIR = paris(JEUDI - timedelta(days=5), time(19))
MERCREDI = paris(JEUDI - timedelta(days=1), time(11))


@dataclass(frozen=True)
class Scene:
    place: Bourg
    foyers: tuple[int, ...]
    abonnements: tuple[int, ...]


@pytest.fixture
def scene(base: str) -> Scene:
    """Three households with a basket each (the last on paper), two of the coordination, a composition not published."""
    with transaction() as session:
        place = bourg.batir(session)
        homes = [fabriques.foyer(session, maison_id=place.maisons[0], prenom=name).id for name in ("Samira", "Louise")]
        homes.append(fabriques.foyer(session, maison_id=place.maisons[0], canal="papier", email=None).id)
        subscriptions = [fabriques.abonnement(session, home, place.maisons[0]).id for home in homes]
        for _ in range(2):
            fabriques.compte(session, Role.COORDINATION)
        farm = fabriques.producteur(session, nom="Ferme des Essais").id
        offer = fabriques.offre(session, place.semaine, farm, fabriques.produit(session).id)
        fabriques.composition(session, place.semaine, {offer.id: 800}, publiee_le=None)
    return Scene(place, tuple(homes), tuple(subscriptions))


def publier() -> None:
    with transaction() as session:
        session.execute(update(Composition).values(publiee_le=VENDREDI))


def sujets() -> list[str]:
    with reading() as session:
        return list(session.scalars(select(Mail.subject).order_by(Mail.id)))


def modeles() -> list[str]:
    with reading() as session:
        return sorted(session.scalars(select(Message.modele)))


def test_a_published_basket_is_told_once_and_says_until_when_it_can_change(scene: Scene) -> None:
    annonces.annoncer_avant_cloture(VENDREDI)
    assert sujets() == []
    publier()
    for instant in (VENDREDI, VENDREDI, SAMEDI_SOIR):
        annonces.annoncer_avant_cloture(instant)
    assert sujets() == ["Votre panier du jeudi 26 novembre : carotte"] * 2
    with reading() as session:
        body = session.scalars(select(Mail.text)).first() or ""
    assert "Carotte, 800\xa0g (Ferme des Essais)" in body
    assert "dimanche 22 novembre à 23\xa0h\xa059" in body
    assert compter("SELECT count(*) FROM lettre") == 0


def test_where_nothing_is_published_the_reminder_goes_alone_and_the_basket_adds_no_second_message(scene: Scene) -> None:
    annonces.annoncer_avant_cloture(SAMEDI_MATIN)
    assert sujets() == []
    annonces.annoncer_avant_cloture(SAMEDI_SOIR)
    publier()
    annonces.annoncer_avant_cloture(SAMEDI_SOIR)
    assert modeles() == ["paniers/dernier_moment"] * 3
    assert len(sujets()) == 2


def test_whoever_does_not_come_or_does_not_want_it_is_left_in_peace(scene: Scene) -> None:
    publier()
    with transaction() as session:
        wish = {"abonnement_id": scene.abonnements[0], "semaine_id": scene.place.semaine, "fait_le": VENDREDI}
        session.add(Choix(nature="pas_cette_semaine", **wish))
        regler(session, scene.foyers[1], Sorte.AVANT_CLOTURE, recoit=False)
    annonces.annoncer_avant_cloture(VENDREDI + timedelta(hours=1))
    assert sujets() == []


def test_after_the_cut_off_nobody_is_told_that_they_can_still_change(scene: Scene) -> None:
    publier()
    annonces.annoncer_avant_cloture(scene.place.apres(seconds=1))
    assert modeles() == []


def test_two_timetables_at_once_tell_each_household_once(scene: Scene) -> None:
    publier()
    outcomes = ensemble([lambda _: annonces.annoncer_avant_cloture(VENDREDI)] * 4)
    assert outcomes == [None] * 4
    assert modeles() == ["paniers/composition"] * 3
    assert len(sujets()) == 2


def test_more_households_than_a_batch_are_all_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annonces, "PAR_LOT", 1)
    publier()
    annonces.annoncer_avant_cloture(VENDREDI)
    assert len(modeles()) == 3


def paniers(scene: Scene, etat: str = "a_remettre") -> list[int]:
    """The week is closed: a basket for each household."""
    with transaction() as session:
        session.get_one(Semaine, scene.place.semaine).etat = "commandee"
        made = []
        for home, subscription in zip(scene.foyers, scene.abonnements, strict=True):
            row = session.execute(
                text(
                    "INSERT INTO panier (abonnement_id, semaine_id, foyer_id, maison_id, nombre, numero, prix, tranche,"
                    " cout, etat) VALUES (:a, :s, :f, :m, 1, :f, 550, 'B', 750, :e) RETURNING id"
                ),
                {"a": subscription, "s": scene.place.semaine, "f": home, "m": scene.place.maisons[0], "e": etat},
            )
            made.append(int(row.scalar_one()))
        return made


def test_the_day_before_each_household_is_told_where_and_when_with_its_voucher(scene: Scene) -> None:
    publier()
    first, *_ = paniers(scene)
    with transaction() as session:
        documents.store(session, f"bon:{first}", "bon.pdf", b"%PDF-1.7 un bon")
    annonces.annoncer_la_veille(MERCREDI - timedelta(hours=2))
    assert sujets() == []
    for _ in range(2):
        annonces.annoncer_la_veille(MERCREDI)
    assert sujets() == ["Votre panier vous attend jeudi 26 novembre, de 17 h à 19 h"] * 2
    with reading() as session:
        attached = list(session.scalars(select(Mail.attachments).order_by(Mail.id)))
    assert attached == [[f"bon:{first}"], []]


@pytest.mark.parametrize("instant", [paris(JEUDI, time(19)), paris(JEUDI + timedelta(days=1), time(9))])
def test_once_the_hand_out_is_over_nobody_is_asked_to_come(scene: Scene, instant: datetime) -> None:
    paniers(scene)
    annonces.annoncer_la_veille(instant)
    assert sujets() == []


def test_an_outage_until_the_very_day_still_tells_in_time(scene: Scene) -> None:
    paniers(scene)
    annonces.annoncer_la_veille(paris(JEUDI, time(9)))
    assert len(sujets()) == 2


def test_whoever_did_not_come_reads_a_kind_word_once_on_paper_too(scene: Scene) -> None:
    paniers(scene, "non_retire")
    for _ in range(2):
        with transaction() as session:
            annonces.annoncer_non_retires(session, scene.place.semaine)
    assert sujets() == ["Nous ne vous avons pas vu·e le jeudi 26 novembre"] * 2
    with reading() as session:
        (letter,) = session.scalars(select(Lettre.texte))
    assert "Cela arrive à tout le monde." in letter
    assert "http" not in letter


def test_the_coordination_is_told_once_that_nothing_is_composed(scene: Scene) -> None:
    alertes_equipe.alerter_a_composer(VENDREDI)
    assert sujets() == []
    for _ in range(2):
        alertes_equipe.alerter_a_composer(VENDREDI + timedelta(hours=1))
    assert sujets() == ["Le panier du jeudi 26 novembre n’est pas encore composé"] * 2
    publier()
    alertes_equipe.alerter_a_composer(VENDREDI + timedelta(hours=2))
    assert len(sujets()) == 2


def test_orders_without_answer_on_tuesday_noon_make_one_message(scene: Scene) -> None:
    with transaction() as session:
        week = session.get_one(Semaine, scene.place.semaine)
        week.etat = "commandee"
        for number in range(2):
            farm = fabriques.producteur(session).id
            session.add(
                Commande(
                    semaine_id=week.id,
                    producteur_id=farm,
                    numero=f"C-{number}",
                    livraison_le=JEUDI,
                    emise_le=week.commande_le,
                    total_ht=900,
                    tva=50,
                )
            )
    tuesday = paris(JEUDI - timedelta(days=2), time(12))
    alertes_equipe.alerter_sans_reponse(tuesday - timedelta(minutes=1))
    assert sujets() == []
    for _ in range(2):
        alertes_equipe.alerter_sans_reponse(tuesday)
    assert sujets() == ["2 commandes du jeudi 26 novembre sont sans réponse"] * 2


def parquer() -> None:
    with transaction() as session:
        fact = FactRow(name="AbonnementSouscrit", payload={"abonnement_id": 1})
        session.add(fact)
        session.flush()
        session.add(Delivery(fact_id=fact.id, actor="confirmer_abonnement", queue="courriel", state=State.PARKED))


def test_deliveries_that_fail_are_told_together_at_most_once_an_hour(scene: Scene) -> None:
    alertes_equipe.alerter_en_souffrance(VENDREDI)
    assert sujets() == []
    parquer()
    alertes_equipe.alerter_en_souffrance(VENDREDI)
    with transaction() as session:
        session.execute(update(Mail).values(at=VENDREDI))
    assert sujets() == ["Un envoi n’a pas abouti"] * 2
    for _ in range(5):
        parquer()
    alertes_equipe.alerter_en_souffrance(VENDREDI + timedelta(minutes=59))
    assert len(sujets()) == 2
    alertes_equipe.alerter_en_souffrance(VENDREDI + timedelta(hours=1))
    assert sujets()[2:] == ["6 envois n’ont pas abouti"] * 2
    with transaction() as session:
        session.execute(update(Mail).values(at=VENDREDI))
    alertes_equipe.alerter_en_souffrance(VENDREDI + timedelta(hours=9))
    assert len(sujets()) == 4, "nothing new has failed since"
