"""The forms of the evening: why somebody did not come, who came instead, how many tickets came."""

from wtforms import BooleanField, HiddenField, SelectChoice

from culture.formulaires.coordination import ChampNombre
from culture.regles.etats import LIBELLES_MOTIF, Motif
from foyers.champs import ChampCartes, ChampNom
from foyers.formulaires import Formulaire
from kernel.web.words import _l

SANS_RAISON = "sans"
ABSENTE = "absente"
PREVENU = "prevenu"


class AbsenceForm(Formulaire):
    comment = ChampCartes(
        _l("Que s’est-il passé ?"),
        _l("Choisissez ce qui s’est passé."),
        choices=[
            SelectChoice(PREVENU, _l("Elle a prévenu")),
            SelectChoice(ABSENTE, _l("Personne ne sait")),
        ],
    )
    motif = ChampCartes(
        _l("Pourquoi, si elle l’a dit"),
        _l("Choisissez une raison, ou « Aucune raison donnée »."),
        choices=[
            SelectChoice(SANS_RAISON, _l("Aucune raison donnée")),
            *(SelectChoice(key.value, _l(label)) for key, label in LIBELLES_MOTIF.items()),
        ],
        default=SANS_RAISON,
    )

    @property
    def raison(self) -> Motif | None:
        return None if self.motif.data == SANS_RAISON else Motif(self.motif.data)


class RemplacementForm(Formulaire):
    prenom = ChampNom(_l("Prénom"), _l("Écrivez le prénom."), render_kw={"autocomplete": "off"})
    nom = ChampNom(_l("Nom"), _l("Écrivez le nom."), render_kw={"autocomplete": "off"})
    enfant = BooleanField(_l("C’est un enfant de moins de 18 ans"))


class BilletsForm(Formulaire):
    """Tickets counted in, or (the button « Retirer ») taken back; `deja` is the count that the page showed."""

    nombre = ChampNombre(_l("Combien de billets ?"), 1, 2_000)
    deja = HiddenField()
    geste = HiddenField()

    @property
    def compte(self) -> int:
        """Of a valid form only."""
        return -int(self.nombre.data) if self.geste.data == "retirer" else int(self.nombre.data)

    @property
    def deja_lu(self) -> int:
        written = self.deja.data or ""
        return int(written) if written.isascii() and written.isdecimal() and len(written) < 9 else -1
