"""The forms of households and accounts."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from flask import request
from flask_login import current_user
from flask_wtf import FlaskForm
from werkzeug.exceptions import BadRequest
from wtforms import BooleanField, SelectChoice, StringField
from wtforms.validators import DataRequired, ValidationError

from foyers.champs import (
    ChampCartes,
    ChampChoix,
    ChampEmail,
    ChampEuros,
    ChampIdentifiant,
    ChampMotDePasse,
    ChampNom,
    ChampPiece,
    ChampTelephone,
    cle,
    sans_blancs,
)
from foyers.models import Canal, Motif, Source
from foyers.mots_de_passe import verifier_force
from foyers.queries import MaisonVue
from foyers.quotient import MOIS_DE_VALIDITE, mois_recevables, premier_du_mois
from kernel.clock import today
from kernel.errors import Refus
from kernel.formats import jour_annee
from kernel.formats import mois as en_mots
from kernel.web.words import _l

_MANQUE_PRENOM = _l("Écrivez le prénom.")
_MANQUE_NOM = _l("Écrivez le nom.")
_MANQUE_IDENTIFIANT = _l("Écrivez une adresse e-mail ou un numéro de téléphone.")
_MANQUE_MOT_DE_PASSE = _l("Écrivez le mot de passe.")
_MANQUE_MAISON = _l("Choisissez une maison dans la liste.")
UN_AN = "usuelle"


class Formulaire(FlaskForm):  # type: ignore[misc]
    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def wrap_formdata(self, form: FlaskForm, formdata: Any) -> Any:
            """Refuses a body of JSON: no page sends one, and nested too deep it breaks its reader."""
            if formdata is not None and request.is_json:
                raise BadRequest
            return super().wrap_formdata(form, formdata)

    def refuser(self, champ: str, phrase: str) -> None:
        """Show a use case's refusal on the field that it is about."""
        self[champ].errors = [*self[champ].errors, phrase]


class ConnexionForm(Formulaire):
    identifiant = StringField(
        _l("Adresse e-mail ou téléphone"),
        [DataRequired(_MANQUE_IDENTIFIANT)],
        filters=[sans_blancs],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": 254},
    )
    mot_de_passe = ChampMotDePasse(_l("Mot de passe"), _MANQUE_MOT_DE_PASSE, nouveau=False)


def _assez_fort(field: ChampMotDePasse, personnel: list[str]) -> None:
    try:
        verifier_force(field.data, personnel)
    except Refus as refus:
        raise ValidationError(refus.sentence) from None


class _AvecMaison(Formulaire):
    maison = ChampChoix(_l("Maison des habitants"), _MANQUE_MAISON, coerce=cle)

    def proposer(self, maisons: Sequence[MaisonVue]) -> None:
        """Fill the list of maisons; until one is chosen its first line says so."""
        self.maison.choices = [SelectChoice("", _l("Choisissez…")), *(SelectChoice(str(m.id), m.nom) for m in maisons)]


class InscriptionForm(_AvecMaison):
    prenom = ChampNom(_l("Prénom"), _MANQUE_PRENOM, render_kw={"autocomplete": "given-name"})
    nom = ChampNom(_l("Nom"), _MANQUE_NOM, render_kw={"autocomplete": "family-name"})
    identifiant = ChampIdentifiant(
        _l("Adresse e-mail ou téléphone"),
        [DataRequired(_MANQUE_IDENTIFIANT)],
        filters=[sans_blancs],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": 254},
    )
    mot_de_passe = ChampMotDePasse(_l("Mot de passe"), _MANQUE_MOT_DE_PASSE, nouveau=True)

    def validate_mot_de_passe(self, field: ChampMotDePasse) -> None:
        own = [self.prenom.data or "", self.nom.data or "", self.identifiant.data or ""]
        _assez_fort(field, own)


class OuvertureForm(_AvecMaison):
    """A household opened by an agent; e-mail, telephone and password may all stay empty."""

    prenom = ChampNom(_l("Prénom"), _MANQUE_PRENOM, render_kw={"autocomplete": "off"})
    nom = ChampNom(_l("Nom"), _MANQUE_NOM, render_kw={"autocomplete": "off"})
    identifiant = ChampIdentifiant(
        _l("Adresse e-mail ou téléphone"),
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "maxlength": 254},
    )


class CompteForm(Formulaire):
    """What a person of the household will sign in with; the counter makes the password."""

    identifiant = ChampIdentifiant(
        _l("Adresse e-mail ou téléphone"),
        [DataRequired(_MANQUE_IDENTIFIANT)],
        filters=[sans_blancs],
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "maxlength": 254},
    )


class QuotientForm(Formulaire):
    valeur = ChampEuros(
        _l("Quotient familial"),
        [DataRequired(_l("Écrivez le quotient familial qui est sur l’attestation."))],
        filters=[sans_blancs],
        render_kw={"inputmode": "numeric", "autocomplete": "off", "maxlength": 12},
    )
    mois = ChampChoix(_l("Mois écrit sur l’attestation"), _l("Choisissez le mois écrit sur l’attestation."))

    def proposer(self) -> None:
        """Fill the list of months that may be given today, this one first."""
        months = [SelectChoice(f"{month:%Y-%m}", en_mots(month)) for month in mois_recevables(today())]
        self.mois.choices = [SelectChoice("", _l("Choisissez…")), *months]

    @property
    def quotient(self) -> int:
        """Whole euros; of a valid form only."""
        assert self.valeur.euros is not None
        return self.valeur.euros

    @property
    def mois_choisi(self) -> date:
        return date.fromisoformat(f"{self.mois.data}-01")


class PieceForm(Formulaire):
    piece = ChampPiece(_l("Votre attestation"), _l("Choisissez la photo ou le PDF de votre attestation."))


class QuotientEtPieceForm(QuotientForm):
    """A quotient, with its proof at once or later."""

    piece = ChampPiece(_l("Votre attestation, en photo ou en PDF"))


class QuotientVuForm(QuotientForm):
    """A quotient that an agent reads on the paper in front of them."""

    source = ChampChoix(
        _l("Vu sur"),
        _l("Choisissez ce que vous avez vu."),
        choices=[
            SelectChoice(Source.CAF.value, _l("une attestation de la CAF")),
            SelectChoice(Source.MSA.value, _l("une attestation de la MSA")),
            SelectChoice(Source.ESTIMATION.value, _l("d’autres papiers (estimation)")),
        ],
    )


class AvisForm(QuotientVuForm):
    """An agent's answer to a quotient that a family has given: what the proof says, and until when it counts."""

    jusqu_au = ChampChoix(_l("Compte jusqu’au"), _l("Choisissez jusqu’à quand ce quotient compte."))

    def proposer(self) -> None:
        super().proposer()
        ends = [premier_du_mois(today(), ahead + 1) - timedelta(days=1) for ahead in range(MOIS_DE_VALIDITE + 1)]
        others = [SelectChoice(end.isoformat(), jour_annee(end)) for end in ends]
        self.jusqu_au.choices = [SelectChoice(UN_AN, _l("un an après son mois, comme d’habitude")), *others]

    @property
    def fin(self) -> date | None:
        """None: the usual validity."""
        return None if self.jusqu_au.data == UN_AN else date.fromisoformat(self.jusqu_au.data)


class RefusForm(Formulaire):
    """Why a quotient cannot be kept; the family reads the reason in kinder words."""

    motif = ChampCartes(
        _l("Pourquoi ?"),
        _l("Choisissez la raison : la famille la lira."),
        choices=[
            SelectChoice(Motif.ILLISIBLE.value, _l("Illisible : floue, coupée ou trop sombre")),
            SelectChoice(Motif.ANCIENNE.value, _l("Trop ancienne : plus d’un an")),
            SelectChoice(Motif.AUTRE_DOCUMENT.value, _l("Un autre document")),
            SelectChoice(Motif.AUTRE_PERSONNE.value, _l("Au nom de quelqu’un d’autre")),
            SelectChoice(Motif.SANS_MONTANT.value, _l("Le quotient n’y est pas écrit")),
        ],
    )


class CoordonneesForm(_AvecMaison):
    canal = ChampCartes(
        _l("Comment vous écrire ?"),
        _l("Choisissez comment vous écrire."),
        choices=[
            SelectChoice(Canal.EMAIL.value, _l("Par e-mail")),
            SelectChoice(Canal.SMS.value, _l("Par téléphone")),
            SelectChoice(Canal.PAPIER.value, _l("Sur papier, à la maison des habitants")),
        ],
    )
    email = ChampEmail(
        _l("Adresse e-mail"),
        filters=[sans_blancs],
        render_kw={"autocomplete": "email", "inputmode": "email", "autocapitalize": "none", "maxlength": 254},
    )
    telephone = ChampTelephone(
        _l("Téléphone"), filters=[sans_blancs], render_kw={"autocomplete": "tel", "inputmode": "tel", "maxlength": 40}
    )


class MembreForm(Formulaire):
    prenom = ChampNom(_l("Prénom"), _MANQUE_PRENOM, render_kw={"autocomplete": "off"})
    nom = ChampNom(_l("Nom"), _MANQUE_NOM, render_kw={"autocomplete": "off"})
    enfant = BooleanField(_l("C’est un enfant de moins de 18 ans"))


class IdentifiantForm(CompteForm):
    """The family changes by itself what it signs in with: its password says that it is the family."""

    actuel = ChampMotDePasse(_l("Mot de passe"), _MANQUE_MOT_DE_PASSE, nouveau=False)


class MotDePasseForm(Formulaire):
    actuel = ChampMotDePasse(_l("Mot de passe actuel"), _MANQUE_MOT_DE_PASSE, nouveau=False)
    nouveau = ChampMotDePasse(_l("Nouveau mot de passe"), _MANQUE_MOT_DE_PASSE, nouveau=True)

    def validate_nouveau(self, field: ChampMotDePasse) -> None:
        _assez_fort(field, [current_user.nom])


class OubliForm(Formulaire):
    identifiant = StringField(
        _l("Adresse e-mail ou téléphone"),
        [DataRequired(_MANQUE_IDENTIFIANT)],
        filters=[sans_blancs],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": 254},
    )


class NouveauMotDePasseForm(Formulaire):
    """Behind the link of a mail: nobody is signed in."""

    nouveau = ChampMotDePasse(_l("Nouveau mot de passe"), _MANQUE_MOT_DE_PASSE, nouveau=True)


def sans_refus(form: Formulaire, champ: str, write: Callable[[], None]) -> bool:
    """Run `write`; a refusal is shown on that field of the form, and False returned."""
    try:
        write()
    except Refus as refus:
        form.refuser(champ, refus.sentence)
        return False
    return True
