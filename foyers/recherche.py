"""Search of households as people at a counter type: without accents, with errors, by name, telephone or e-mail.

First what the folded words begin; only when that finds little, what resembles. Both look in the caller's maisons only.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from sqlalchemy import (
    ColumnElement,
    SQLColumnExpression,
    Text,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from foyers.folding import plier
from foyers.models import Foyer, Maison, Membre

LIMITE = 30
LONGUEUR_MAX = 80
_ASSEZ = 5
_LETTRES_MIN = 4
_RESSEMBLANCE = 74.0


@dataclass(frozen=True, slots=True)
class FoyerTrouve:
    """A household as a list shows it: whom to ask for, where, and how many they are."""

    id: int
    nom: str
    referent: str
    membres: tuple[str, ...]
    maison: str
    email: str | None
    telephone: str | None


def chercher_foyers(
    session: Session, texte: str, maison_ids: Collection[int] | None, *, limite: int = LIMITE
) -> list[FoyerTrouve]:
    """The households that `texte` may mean, the likeliest first, at most `limite`; in all maisons when None.

    At most three queries. An empty text finds nothing.
    """
    typed = texte.strip()[:LONGUEUR_MAX]
    folded = plier(typed)
    if not folded:
        return []
    here = true() if maison_ids is None else Foyer.maison_id.in_(maison_ids)
    found = _commencent(session, typed, folded, here, limite)
    is_name = "@" not in typed and not folded.replace(" ", "").isdigit()
    if is_name and len(found) < _ASSEZ:
        found += [key for key in _ressemblent(session, folded, here, limite) if key not in found]
    return _lignes(session, found[:limite])


def _commencent(session: Session, typed: str, folded: str, here: ColumnElement[bool], limite: int) -> list[int]:
    """Households where each typed word begins a word of the name or of one member's; or of that number or e-mail."""
    words = folded.split()
    # A blank before each word lets one pattern find the first word like the others.
    member = and_(Membre.foyer_id == Foyer.id, *(_debut(Membre.nom_plie, word) for word in words))
    attached = func.replace(Foyer.nom_plie, " ", "").startswith(folded.replace(" ", ""), autoescape=True)
    ways = [attached, and_(*(_debut(Foyer.nom_plie, word) for word in words)), exists().where(member)]
    digits = "".join(sign for sign in typed if sign.isdigit())
    if len(digits) >= 4:
        ways.append(Foyer.telephone.contains(digits.removeprefix("0"), autoescape=True))
    if "@" in typed:
        ways.append(Foyer.email.startswith(typed.lower(), autoescape=True))
    exact = case((Foyer.nom_plie == folded, 0), else_=1)
    rows = session.scalars(
        select(Foyer.id).where(here, or_(*ways)).order_by(exact, Foyer.nom_plie, Foyer.id).limit(limite)
    )
    return list(rows)


def _ressemblent(session: Session, folded: str, here: ColumnElement[bool], limite: int) -> list[int]:
    """Households one of whose members has a name that looks close, word order and blanks aside."""
    compact = folded.replace(" ", "")
    if len(compact) < _LETTRES_MIN:
        return []
    keys, names = _noms(session, here)
    if not keys:
        return []
    tries: list[tuple[str, str, Callable[..., float]]] = [(compact, names.replace(" ", ""), fuzz.partial_ratio)]
    if " " in folded:
        tries.append((folded, names, fuzz.token_sort_ratio))
    best: dict[int, float] = {}
    for text, among, scorer in tries:
        for _, score, place in process.extract(
            text, among.split("\n"), scorer=scorer, processor=None, limit=limite, score_cutoff=_RESSEMBLANCE
        ):
            key = int(keys[place])
            best[key] = max(score, best.get(key, 0.0))
    return sorted(best, key=lambda key: (-best[key], key))


def _noms(session: Session, here: ColumnElement[bool]) -> tuple[list[str], str]:
    """Keys of households, and as many folded names of people, one a line.

    Two long texts: making a row of each of thirty thousand names would take most of the search's time.
    """
    people = select(Membre.foyer_id, Membre.nom_plie).join(Foyer, Foyer.id == Membre.foyer_id).where(here).subquery()
    keys = func.string_agg(cast(people.c.foyer_id, Text), " ")
    names = func.string_agg(people.c.nom_plie, "\n")
    found = session.execute(select(keys, names)).one()
    return (found[0].split(" "), found[1]) if found[0] else ([], "")


def _debut(column: SQLColumnExpression[str], word: str) -> ColumnElement[bool]:
    return func.concat(literal(" ", Text), column).contains(f" {word}", autoescape=True)


def _lignes(session: Session, keys: list[int]) -> list[FoyerTrouve]:
    rows = session.execute(
        select(Foyer, Maison.nom).join(Maison, Maison.id == Foyer.maison_id).where(Foyer.id.in_(keys))
    ).all()
    people: dict[int, list[Membre]] = {}
    members = session.scalars(
        select(Membre)
        .where(Membre.foyer_id.in_(keys))
        .order_by(Membre.referent.desc(), Membre.adulte.desc(), Membre.id)
    )
    for member in members:
        people.setdefault(member.foyer_id, []).append(member)
    lines = {row.id: _ligne(row, nom, people.get(row.id, [])) for row, nom in rows}
    return [lines[key] for key in keys if key in lines]


def _ligne(foyer: Foyer, maison: str, members: list[Membre]) -> FoyerTrouve:
    names = tuple(f"{member.prenom} {member.nom}" for member in members)
    return FoyerTrouve(
        id=foyer.id,
        nom=foyer.nom,
        referent=names[0] if names else foyer.nom,
        membres=names,
        maison=maison,
        email=foyer.email,
        telephone=foyer.telephone,
    )
