"""The coordination's forms: an outing as it is written, a venue, why an outing is cancelled, its picture."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from wtforms import BooleanField, Field, SelectChoice, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional
from wtforms.widgets import DateTimeLocalInput

from culture.formulaires.familles import ChampCases
from culture.models.sorties import Sortie
from culture.regles.etats import LIBELLES_BESOIN, LIBELLES_GENRE
from culture.sorties import Programme
from foyers.champs import ChampChoix, ChampEmail, ChampPiece, ChampTelephone, Visible, cle, sans_blancs
from foyers.formulaires import Formulaire
from foyers.queries import MaisonVue
from kernel.clock import PARIS, paris
from kernel.web.words import _, _l

_ENTIER = re.compile(r"[0-9]{1,5}", re.ASCII)
_EUROS = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{1,2}))?", re.ASCII)
TITRE_MAX, LIGNE_MAX, TEXTE_MAX = 120, 200, 2_000


class ChampInstant(Field):  # type: ignore[misc]
    """A day and an hour on Paris clocks, from the browser's picker; `data` is the aware instant, or nothing."""

    widget = DateTimeLocalInput()
    data: Any

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data.astimezone(PARIS):%Y-%m-%dT%H:%M}" if self.data else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        if not valuelist or not str(valuelist[0]).strip():
            return
        try:
            read = datetime.strptime(str(valuelist[0]).strip()[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007  (Paris, below)
        except ValueError:
            raise ValueError(_("Choisissez un jour et une heure.")) from None
        if not 2020 <= read.year < 2200:
            raise ValueError(_("Choisissez un jour et une heure."))
        self.data = paris(read.date(), read.time())


class ChampNombre(StringField):  # type: ignore[misc]
    """A whole number between two; or nothing where it is optional."""

    data: Any

    def __init__(self, label: Any, bas: int, haut: int, *, facultatif: bool = False, **options: Any) -> None:
        self.bas, self.haut, self.facultatif = bas, haut, facultatif
        checks = [Optional()] if facultatif else [InputRequired(_l("Écrivez un nombre."))]
        options.setdefault("render_kw", {}).update(inputmode="numeric", autocomplete="off", maxlength=5)
        super().__init__(label, checks, **options)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        typed = str(valuelist[0]).strip() if valuelist else ""
        if not typed:
            if valuelist and not self.facultatif:
                raise ValueError(_("Écrivez un nombre."))
            return
        if not _ENTIER.fullmatch(typed) or not self.bas <= int(typed) <= self.haut:
            raise ValueError(_("Écrivez un nombre entier, de %(bas)d à %(haut)d.", bas=self.bas, haut=self.haut))
        self.data = int(typed)


class ChampPrix(StringField):  # type: ignore[misc]
    """Euros as people write them, ``12`` or ``12,50``; `data` is centimes."""

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data // 100},{self.data % 100:02d}" if self.data is not None else ""

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        typed = "".join(str(valuelist[0]).replace("€", "").split()) if valuelist else ""
        if not typed:
            self.data = 0
            return
        read = _EUROS.fullmatch(typed)
        if read is None or int(read[1]) > 999:
            raise ValueError(_("Écrivez un montant en euros, comme 12,50."))
        self.data = int(read[1]) * 100 + int((read[2] or "").ljust(2, "0"))


def _ligne(label: Any, manque: Any = None, *, au_plus: int = LIGNE_MAX, aire: bool = False) -> Field:
    long = Length(max=au_plus, message=str(_l("C’est trop long : %(n)d signes au plus.", n=au_plus)))
    checks = [DataRequired(manque) if manque else Optional(), long, Visible()]
    kind = TextAreaField if aire else StringField
    return kind(label, checks, filters=[sans_blancs], render_kw={"maxlength": au_plus, "autocomplete": "off"})


_INSTANT = [DataRequired(_l("Choisissez un jour et une heure."))]


class SortieForm(Formulaire):
    """`pour` adds a line of kept seats for each maison."""

    titre = _ligne(_l("Titre"), _l("Écrivez le titre."), au_plus=TITRE_MAX)
    genre = ChampChoix(
        _l("Genre"), _l("Choisissez le genre."), choices=[SelectChoice(str(k), v) for k, v in LIBELLES_GENRE.items()]
    )
    lieu = ChampChoix(_l("Lieu"), _l("Choisissez un lieu dans la liste."), coerce=cle)
    maison = ChampChoix(_l("Maison référente"), _l("Choisissez une maison dans la liste."), coerce=cle)
    texte = _ligne(_l("Présentation, en phrases courtes"), au_plus=TEXTE_MAX, aire=True)
    privilege = _ligne(_l("Ce qu’il y a en plus"))
    debut_le = ChampInstant(_l("Début"), _INSTANT)
    duree = ChampNombre(_l("Durée, en minutes"), 15, 1440)
    rendez_vous_le = ChampInstant(_l("Rendez-vous"), _INSTANT)
    rendez_vous_lieu = _ligne(_l("Lieu du rendez-vous"), _l("Écrivez où l’on se retrouve."))
    acces = _ligne(_l("Comment y aller"))
    places = ChampNombre(_l("Places"), 1, 2000)
    places_par_foyer = ChampNombre(_l("Au plus par foyer"), 1, 20)
    invites_par_foyer = ChampNombre(_l("dont invités"), 0, 10)
    grille = ChampChoix(_l("Tarif"), _l("Choisissez un tarif dans la liste."), coerce=cle)
    cout_place = ChampPrix(_l("Coût d’une place pour le CCAS, en euros"))
    age_minimum = ChampNombre(_l("Âge minimum"), 1, 17, facultatif=True)
    autorisation_parentale = BooleanField(_l("Autorisation des parents pour un enfant qui vient sans eux"))
    besoins = ChampCases(_l("Accueil annoncé"), choices=[SelectChoice(str(k), v) for k, v in LIBELLES_BESOIN.items()])
    noms_demandes = BooleanField(_l("Le lieu a besoin des noms du groupe pour cette sortie"))
    ouverture_le = ChampInstant(_l("Ouverture des inscriptions"), _INSTANT)
    cloture_le = ChampInstant(_l("Fin des inscriptions"), _INSTANT)
    annulable_jusqu_a = ChampInstant(_l("On peut rendre sa place jusqu’au"), _INSTANT)
    quotas_jusqu_a = ChampInstant(_l("Places réservées aux maisons jusqu’au"), [Optional()])

    maisons: Sequence[MaisonVue] = ()

    def proposer(self, lieux: Sequence[tuple[int, str]], grilles: Sequence[tuple[int, str]]) -> None:
        """Fill the lists."""
        first = SelectChoice("", _l("Choisissez…"))
        self.lieu.choices = [first, *(SelectChoice(str(key), name) for key, name in lieux)]
        self.grille.choices = [first, *(SelectChoice(str(key), name) for key, name in grilles)]
        self.maison.choices = [first, *(SelectChoice(str(m.id), m.nom) for m in self.maisons)]

    @property
    def quotas(self) -> dict[int, int]:
        kept = {m.id: self[f"quota_{m.id}"].data for m in self.maisons}
        return {key: count for key, count in kept.items() if count}

    @property
    def programme(self) -> Programme:
        """Of a valid form only."""
        same: tuple[str, ...] = (
            "debut_le",
            "rendez_vous_le",
            "ouverture_le",
            "cloture_le",
            "annulable_jusqu_a",
            "quotas_jusqu_a",
        )
        same += ("places", "places_par_foyer", "invites_par_foyer", "age_minimum", "cout_place", "titre", "genre")
        return Programme(
            **{name: self[name].data for name in same},
            lieu_id=self.lieu.data,
            maison_id=self.maison.data,
            grille_id=self.grille.data,
            duree_minutes=self.duree.data,
            privilege=self.privilege.data or "",
            texte=self.texte.data or "",
            rendez_vous_lieu=self.rendez_vous_lieu.data,
            acces=self.acces.data or "",
            autorisation_parentale=bool(self.autorisation_parentale.data),
            besoins=tuple(self.besoins.data or ()),
            noms_demandes=bool(self.noms_demandes.data),
            quotas=self.quotas,
        )


def sortie_form(maisons: Sequence[MaisonVue], connu: dict[str, Any]) -> SortieForm:
    """The form with a line of kept seats for each maison, filled with what is known."""
    fields: dict[str, Any] = {f"quota_{m.id}": ChampNombre(m.nom, 0, 2000, facultatif=True) for m in maisons}
    made: type[SortieForm] = type("SortieDesMaisons", (SortieForm,), fields | {"maisons": maisons})
    return made(data=connu)


def connu_de(sortie: Sortie, quotas: dict[int, int]) -> dict[str, Any]:
    """What an outing's form shows at first."""
    same: tuple[str, ...] = (
        "titre",
        "genre",
        "texte",
        "privilege",
        "debut_le",
        "rendez_vous_le",
        "rendez_vous_lieu",
        "acces",
        "places",
    )
    same += ("places_par_foyer", "invites_par_foyer", "cout_place", "age_minimum", "autorisation_parentale", "besoins")
    same += ("noms_demandes",)
    same += ("ouverture_le", "cloture_le", "annulable_jusqu_a", "quotas_jusqu_a")
    return {
        **{name: getattr(sortie, name) for name in same},
        "lieu": sortie.lieu_id,
        "maison": sortie.maison_id,
        "grille": sortie.grille_id,
        "duree": sortie.duree_minutes,
        **{f"quota_{key}": count for key, count in quotas.items()},
    }


class LieuForm(Formulaire):
    nom = _ligne(_l("Nom du lieu"), _l("Écrivez le nom du lieu."), au_plus=TITRE_MAX)
    adresse = _ligne(_l("Adresse"), _l("Écrivez l’adresse."))
    code_postal = _ligne(_l("Code postal"), _l("Écrivez le code postal."), au_plus=10)
    ville = _ligne(_l("Ville"), _l("Écrivez la ville."), au_plus=TITRE_MAX)
    acces = _ligne(_l("Comment y aller"))
    contact = _ligne(_l("Personne à joindre"), au_plus=TITRE_MAX)
    email = ChampEmail(_l("Adresse e-mail"), filters=[sans_blancs], render_kw={"autocomplete": "off", "maxlength": 254})
    telephone = ChampTelephone(
        _l("Téléphone"), filters=[sans_blancs], render_kw={"autocomplete": "off", "maxlength": 40}
    )
    noms_demandes = BooleanField(_l("Le lieu demande les noms du groupe"))


class AnnulationForm(Formulaire):
    motif = _ligne(_l("Pourquoi ?"), _l("Écrivez pourquoi : les familles le liront."))


class ImageForm(Formulaire):
    image = ChampPiece(_l("Image"), _l("Choisissez une photo."))
    description = _ligne(
        _l("Ce que l’image montre, pour qui ne la voit pas"), _l("Écrivez en quelques mots ce que l’image montre.")
    )
