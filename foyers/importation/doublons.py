"""Is this line a household that is known already? The certain are joined, the likely proposed, none guessed. Pure.

The same name and first name with the same telephone or e-mail is the same household. The same name alone, the same
telephone or e-mail under another name, or a name that differs by a typing error, is only *likely*: a person decides.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

CANDIDATS_MAX = 3
DISTINCT = "distinct"
_PAREIL = 88.0
_PAR_CLE = 40
"""Of what shares a telephone, an e-mail or a name: a number that a hundred households give says nothing."""
_PAR_PRENOM = 1_500


@dataclass(frozen=True, slots=True)
class Connu:
    """A person of a household that a line may be: of the database (``foyer:12``) or of a line (``ligne:3``)."""

    cible: str
    nom: str
    prenom: str
    maison_id: int
    telephone: str | None
    email: str | None

    @property
    def entier(self) -> str:
        return f"{self.nom} {self.prenom}"


@dataclass(frozen=True, slots=True)
class Candidat:
    """A household that a line resembles, and why."""

    cible: str
    motif: str


@dataclass(slots=True)
class Rapprochement:
    """Line → the household that it certainly is; line → those that it may be, the likeliest first."""

    exacts: dict[int, str] = field(default_factory=dict)
    probables: dict[int, tuple[Candidat, ...]] = field(default_factory=dict)


@dataclass(slots=True)
class _Index:
    """The known persons by whatever they may share with a line."""

    par_cle: dict[Hashable, list[Connu]] = field(default_factory=lambda: defaultdict(list))

    def ajouter(self, connu: Connu) -> None:
        for key in _cles(connu):
            self.par_cle[key].append(connu)

    def voisins(self, line: Connu) -> Iterator[Connu]:
        seen: set[int] = set()
        for key in _cles(line):
            for known in self.par_cle.get(key, ())[:_PAR_CLE] if key[0] != "prenom" else self._pareils(line, key):
                if id(known) not in seen:
                    seen.add(id(known))
                    yield known

    def _pareils(self, line: Connu, key: tuple[str, str]) -> list[Connu]:
        among = self.par_cle.get(key, [])[:_PAR_PRENOM]
        close = process.extract(
            line.nom, [known.nom for known in among], scorer=fuzz.ratio, score_cutoff=60, limit=_PAR_CLE
        )
        return [among[place] for _name, _score, place in close]


def rapprocher(lignes: Sequence[Connu], connus: Iterable[Connu], numeros: Mapping[str, int]) -> Rapprochement:
    """Each line against the database and the lines before it. `numeros` gives each line's number by its target."""
    found, index = Rapprochement(), _Index()
    for known in connus:
        index.ajouter(known)
    for line in lignes:
        number = numeros[line.cible]
        verdicts = [
            (rank, known.cible, why)
            for known in index.voisins(line)
            if (told := _juger(line, known))
            for rank, why in (told,)
        ]
        certain = [target for rank, target, _ in verdicts if rank == 0]
        if certain:
            found.exacts[number] = min(certain, key=_du_plus_ancien)
            continue
        likely: dict[str, tuple[int, str]] = {}
        for rank, target, why in verdicts:
            likely[target] = min((rank, why), likely.get(target, (99, "")))
        if likely:
            best = sorted(likely, key=lambda target: (likely[target][0], _du_plus_ancien(target)))[:CANDIDATS_MAX]
            found.probables[number] = tuple(Candidat(target, likely[target][1]) for target in best)
        index.ajouter(line)
    return found


def racine(cible: str, vers: Mapping[str, str]) -> str:
    """The household that a target ends at, once lines are joined to others."""
    seen = {cible}
    while cible in vers and vers[cible] not in seen:
        cible = vers[cible]
        seen.add(cible)
    return cible


def _cles(of: Connu) -> list[tuple[str, str]]:
    keys = [
        ("prenom", of.prenom),
        ("nom", of.nom),
        ("entier", " ".join(sorted(of.entier.split()))),
        ("debuts", f"{of.nom[:2]} {of.prenom[:2]}"),
    ]
    keys += [("telephone", of.telephone)] if of.telephone else []
    return keys + ([("email", of.email)] if of.email else [])


def _juger(line: Connu, known: Connu) -> tuple[int, str] | None:
    """(0, …) the same household, (1…, why) maybe, None another one."""
    telephone = line.telephone is not None and line.telephone == known.telephone
    email = line.email is not None and line.email == known.email
    same = (line.nom, line.prenom) == (known.nom, known.prenom)
    if same and (telephone or email):
        return 0, ""
    if telephone or email:
        return 1, "telephone" if telephone else "email"
    if same or sorted(line.entier.split()) == sorted(known.entier.split()):
        return 2, "nom"
    if line.maison_id == known.maison_id and not _se_contredisent(line, known) and _presque(line, known):
        return 3, "presque"
    return None


def _presque(line: Connu, known: Connu) -> bool:
    return fuzz.ratio(line.entier, known.entier) >= _PAREIL


def _se_contredisent(line: Connu, known: Connu) -> bool:
    """Both can be reached in the same way, and not at the same place."""
    pairs = ((line.telephone, known.telephone), (line.email, known.email))
    return any(a is not None and b is not None and a != b for a, b in pairs)


def _du_plus_ancien(cible: str) -> tuple[bool, int]:
    """Households of the database first, then the earliest line."""
    kind, _, number = cible.partition(":")
    return kind == "ligne", int(number)
