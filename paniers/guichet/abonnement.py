"""At the counter, in a household's name: subscribe, wait for a place, change the subscription, renew it, end it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from foyers.formulaires import Formulaire, sans_refus
from foyers.portee import foyer_a_portee
from foyers.queries import FoyerVu, foyer
from kernel.clock import now, today
from kernel.db import reading, transaction
from kernel.errors import Refus
from kernel.formats import jour
from kernel.web.access import Role, access
from kernel.web.words import _
from paiements.models.en_ligne import Mode
from paiements.reglements import carte_en_usage, choisir_mode
from paniers.abonnements import changer_maison, changer_nombre, mettre_en_pause, quitter, souscrire
from paniers.attente import accepter_place, quitter_attente, rejoindre_attente
from paniers.formulaires.familles import (
    TOUT_DE_SUITE,
    AttenteForm,
    DepartForm,
    MaisonForm,
    NombreForm,
    PauseForm,
    SouscriptionForm,
)
from paniers.queries.familles import (
    AbonnementVu,
    Limite,
    MaisonOuverte,
    limite,
    maisons_ouvertes,
    mon_abonnement,
)
from paniers.queries.places import MaPlace, ma_place
from paniers.renouvellement import renouveler
from paniers.views.abonnement import derniers_possibles
from paniers.views.publiques import Page

EQUIPE = (Role.AGENT, Role.COORDINATION)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A household before the agent: its subscription if it has one, and the next week that can still change."""

    foyer: FoyerVu
    abonnement: AbonnementVu | None
    limite: Limite | None

    @property
    def modifiable(self) -> bool:
        """Whether the subscription still has a pick-up that can change."""
        return bool(self.abonnement and self.limite and self.abonnement.fin >= self.limite.retrait_le)

    @property
    def prochain(self) -> date | None:
        return self.limite.retrait_le if self.limite else None

    @property
    def jour(self) -> date:
        """The day from which places are counted."""
        return self.prochain or today()

    def maisons(self, une_semaine: date | None = None) -> list[MaisonOuverte]:
        """The maisons with the places left there; for a visitor of that one pick-up day, when one is given."""
        with reading() as session:
            return maisons_ouvertes(session, une_semaine or self.jour, une_semaine=une_semaine is not None)


def dossier(foyer_id: int) -> Dossier:
    with reading() as session:
        return Dossier(foyer(session, foyer_id), mon_abonnement(session, foyer_id, now()), limite(session, now()))


@access(*EQUIPE, on=foyer_a_portee)
def abonner(foyer_id: int) -> Page:
    known = dossier(foyer_id)
    if known.modifiable or known.limite is None:
        said = _("Cette famille est déjà abonnée.") if known.modifiable else _("Aucune semaine n’est encore ouverte.")
        return page_geste(known, None, titre=_("Abonner %(nom)s", nom=_nom(known)), rien=said)
    places, usual = known.maisons(), known.foyer.maison.id
    form = SouscriptionForm(data={"nombre": 1, "paiement": Mode.MAISON.value, "maison": usual})
    with reading() as session:
        form.proposer_paiement(carte=carte_en_usage(session, foyer_id) is not None)
    form.proposer([one.maison for one in places])

    def write(session: Session, par: int) -> None:
        souscrire(
            session, foyer_id=foyer_id, maison_id=form.maison.data, nombre=form.nombre.data, instant=now(), par=par
        )
        choisir_mode(session, foyer_id, Mode(form.paiement.data))

    if _fait(form, "maison", write):
        flash(_("C’est fait : premier panier %(jour)s.", jour=jour(known.limite.retrait_le)), "succes")
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=_("Abonner %(nom)s", nom=_nom(known)),
        chapo=_("Premier panier %(jour)s, puis chaque semaine pendant trois mois.", jour=jour(known.limite.retrait_le)),
        texte_bouton=_("Abonner"),
        places=places,
        premiere=usual,
    )


@access(*EQUIPE, on=foyer_a_portee)
def changer_de_maison(foyer_id: int) -> Page:
    known = dossier(foyer_id)
    if not known.modifiable:
        return _sans_abonnement(foyer_id)
    subscription = _abonnement(known)
    places = [one for one in known.maisons() if one.maison.id != subscription.maison.id]
    form = MaisonForm()
    form.proposer([one.maison for one in places])

    def write(session: Session, par: int) -> None:
        changer_maison(session, subscription.id, maison_id=form.maison.data, instant=now(), par=par)

    if _fait(form, "maison", write):
        flash(_("C’est noté : le panier attend désormais dans la nouvelle maison."), "succes")
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=_("Changer de maison"),
        chapo=_(
            "À partir du panier du %(jour)s. Aujourd’hui, la famille le retire à %(maison)s.",
            jour=jour(known.jour),
            maison=subscription.maison.nom,
        ),
        texte_bouton=_("Changer de maison"),
        places=places,
        minimum=subscription.nombre,
    )


@access(*EQUIPE, on=foyer_a_portee)
def changer_de_nombre(foyer_id: int) -> Page:
    known = dossier(foyer_id)
    if not known.modifiable:
        return _sans_abonnement(foyer_id)
    subscription = _abonnement(known)
    form = NombreForm(data={"nombre": subscription.nombre})

    def write(session: Session, par: int) -> None:
        changer_nombre(session, subscription.id, nombre=form.nombre.data, instant=now(), par=par)

    if _fait(form, "nombre", write):
        flash(_("C’est noté, dès le prochain panier qui n’est pas encore en préparation."), "succes")
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=_("Un panier, ou deux"),
        chapo=_("À partir du panier du %(jour)s.", jour=jour(known.jour)),
        texte_bouton=_("Enregistrer"),
    )


@access(*EQUIPE, on=foyer_a_portee)
def poser_une_pause(foyer_id: int) -> Page:
    known = dossier(foyer_id)
    if not known.modifiable:
        return _sans_abonnement(foyer_id)
    subscription, form = _abonnement(known), PauseForm()

    def write(session: Session, par: int) -> None:
        mettre_en_pause(session, subscription.id, du=form.du.data, au=form.au.data, instant=now(), par=par)

    if _fait(form, "au", write):
        flash(
            _("C’est noté : pas de panier du %(du)s au %(au)s.", du=jour(form.du.data), au=jour(form.au.data)), "succes"
        )
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=_("Mettre en pause"),
        chapo=_("Pas de panier et rien à payer entre ces deux jours. La place est gardée."),
        texte_bouton=_("Mettre en pause"),
    )


@access(*EQUIPE, on=foyer_a_portee)
def quitter_l_abonnement(foyer_id: int) -> Page:
    known = dossier(foyer_id)
    if not known.modifiable or known.limite is None:
        return _sans_abonnement(foyer_id)
    subscription, form = _abonnement(known), DepartForm(data={"dernier": TOUT_DE_SUITE})
    form.proposer(derniers_possibles(subscription, known.limite))

    def write(session: Session, par: int) -> None:
        quitter(session, subscription.id, instant=now(), dernier=form.jour, par=par)

    if _fait(form, "dernier", write):
        flash(_("C’est noté : l’abonnement s’arrête. La famille revient quand elle veut."), "succes")
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=_("Arrêter l’abonnement"),
        chapo=_(
            "La place à %(maison)s revient à une autre famille. Une pause la garderait.", maison=subscription.maison.nom
        ),
        texte_bouton=_("Arrêter l’abonnement"),
        variante="danger",
    )


@access(*EQUIPE, on=foyer_a_portee)
def renouveler_l_abonnement(foyer_id: int) -> Response:
    known = dossier(foyer_id)
    if known.abonnement is None:
        return _sans_abonnement(foyer_id)
    subscription = known.abonnement
    # The term that the page showed: pressed twice, it is renewed once.
    shown = request.form.get("fin", "")
    end = subscription.fin if shown == subscription.fin.isoformat() else None
    if end is None:
        flash(_("Cet abonnement a changé depuis. Regardez où il en est, puis recommencez."), "info")
        return retour(foyer_id)
    return _geste(
        foyer_id,
        lambda session, par: renouveler(session, subscription.id, instant=now(), fin=end, par=par),
        _("C’est renouvelé pour trois mois."),
    )


@access(*EQUIPE, on=foyer_a_portee)
def attendre(foyer_id: int) -> Page:
    known = dossier(foyer_id)
    form = AttenteForm(data={"nombre": 1})
    places = [one for one in known.maisons() if one.places < 2]
    form.proposer([one.maison for one in places])

    def write(session: Session, par: int) -> None:
        rejoindre_attente(
            session, foyer_id=foyer_id, maison_id=form.maison.data, nombre=form.nombre.data, instant=now(), par=par
        )

    title = _("Inscrire sur la liste d’attente")
    if not places:
        return page_geste(known, None, titre=title, rien=_("Il reste de la place partout : pas besoin d’attendre."))
    if _fait(form, "maison", write):
        flash(_("C’est noté : la famille est prévenue dès qu’une place se libère."), "succes")
        return retour(foyer_id)
    return page_geste(
        known,
        form,
        titre=title,
        chapo=_("Ces maisons sont complètes ou presque. Dès que c’est son tour, la place lui est gardée deux jours."),
        texte_bouton=_("Inscrire sur la liste"),
        places=places,
        sans_compte=True,
    )


@access(*EQUIPE, on=foyer_a_portee)
def accepter_la_place(foyer_id: int) -> Response:
    waits = _attente(foyer_id)
    if waits is None:
        flash(_("Cette place n’est plus gardée pour la famille."), "attention")
        return retour(foyer_id)
    return _geste(
        foyer_id,
        lambda session, par: accepter_place(session, waits.id, instant=now(), par=par),
        _("C’est fait : la famille retire désormais à %(maison)s.", maison=waits.maison.nom),
    )


@access(*EQUIPE, on=foyer_a_portee)
def ne_plus_attendre(foyer_id: int) -> Response:
    waits = _attente(foyer_id)
    if waits is None:
        flash(_("Cette famille n’attend pas de place."), "info")
        return retour(foyer_id)
    return _geste(
        foyer_id,
        lambda session, par: quitter_attente(session, waits.id, instant=now(), par=par),
        _("C’est noté : la famille n’attend plus de place."),
    )


def page_geste(known: Dossier, form: Formulaire | None, **told: Any) -> Page:
    """The page of one act: what it does, its few questions, one button; or `rien`, why there is nothing to do."""
    page = render_template("paniers/guichet/famille_geste.html", d=known, foyer=known.foyer, form=form, **told)
    return page, 422 if form is not None and form.errors else 200


def retour(foyer_id: int) -> Response:
    return redirect(url_for("guichet_familles.panier", foyer_id=foyer_id), 303)


def _fait(form: Formulaire, champ: str, write: Callable[[Session, int], object]) -> bool:
    """Whether the form was sent, is right, and `write` has done it in the agent's name; a refusal stands on `champ`."""

    def act() -> None:
        with transaction() as session:
            write(session, current_user.compte_id)

    return bool(form.validate_on_submit()) and sans_refus(form, champ, act)


def _geste(foyer_id: int, write: Callable[[Session, int], object], said: str) -> Response:
    """An act of one button: done, or refused with its sentence, on the page of the household's baskets."""
    try:
        with transaction() as session:
            write(session, current_user.compte_id)
    except Refus as refus:
        flash(refus.sentence, "attention")
    else:
        flash(said, "succes")
    return retour(foyer_id)


def _abonnement(known: Dossier) -> AbonnementVu:
    assert known.abonnement is not None
    return known.abonnement


def _attente(foyer_id: int) -> MaPlace | None:
    known = dossier(foyer_id)
    with reading() as session:
        return ma_place(session, foyer_id, known.jour)


def _sans_abonnement(foyer_id: int) -> Response:
    flash(_("Cette famille n’a pas d’abonnement à modifier en ce moment."), "info")
    return retour(foyer_id)


def _nom(known: Dossier) -> str:
    return f"{known.foyer.referent.prenom} {known.foyer.referent.nom}"
