"""The season at a glance: each outing with its filling, who came for the first time, who did not come, and its money.

Money is read in the ledger, where it stands. Of people's cards only counts are given, and never one of fewer than
five people: the smallest one would tell who.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from culture.regles.etats import EtatSortie
from culture.regles.tarifs import Saison
from kernel.formats import insecables

LE_MOINS = 5
"""Nobody is counted in a group of fewer people."""


@dataclass(frozen=True, slots=True)
class Statuts:
    """Seats of holders of a free card, of a paid one, and of guests without card."""

    gratuits: int
    payants: int
    invites: int

    @property
    def lisibles(self) -> bool:
        """Whether each count that is not nought is large enough; one alone that is hidden could be worked out."""
        return all(count == 0 or count >= LE_MOINS for count in (self.gratuits, self.payants, self.invites))


@dataclass(frozen=True, slots=True)
class LigneDeSaison:
    """An outing of the season; amounts are centimes, `statuts` None where they would tell who.

    `cout` is what its venue has invoiced (`facture`), or until then what its seats are reckoned at.
    """

    id: int
    titre: str
    maison: str
    etat: str
    debut_le: datetime
    places: int
    prises: int
    venues: int
    absentes: int
    premieres: int
    statuts: Statuts | None
    cout: int
    facture: int
    familles: int
    ccas: int

    @property
    def remplissage(self) -> int:
        """Per cent, whole."""
        return 100 * self.prises // self.places


@dataclass(frozen=True, slots=True)
class Total:
    """The sums of the lines shown; of a cancelled outing only its money counts, if its venue has invoiced it."""

    sorties: int
    tenues: int
    places: int
    prises: int
    venues: int
    absentes: int
    premieres: int
    statuts: Statuts | None
    cout: int
    familles: int
    ccas: int

    @property
    def remplissage(self) -> int:
        return 100 * self.prises // self.places if self.places else 0


_SAISON = text(
    """
    WITH saison AS (
        SELECT s.id, s.titre, m.nom AS maison, s.etat, s.debut_le, s.places,
               (s.debut_le AT TIME ZONE 'Europe/Paris')::date AS jour
          FROM sortie s JOIN maison m ON m.id = s.maison_id
         WHERE s.etat <> 'brouillon' AND (s.debut_le AT TIME ZONE 'Europe/Paris')::date BETWEEN :du AND :au
           AND (CAST(:maison AS bigint) IS NULL OR s.maison_id = :maison)),
    sieges AS (
        SELECT p.sortie_id, p.membre_id, p.presence, p.remplace_id,
               EXISTS (SELECT FROM place_sortie r WHERE r.remplace_id = p.id AND r.annulee_le IS NULL) AS remplacee
          FROM place_sortie p JOIN inscription i ON i.id = p.inscription_id
         WHERE p.annulee_le IS NULL AND i.etat = 'confirmee'),
    premieres AS (
        SELECT DISTINCT ON (q.membre_id) q.membre_id, q.sortie_id FROM sieges q JOIN sortie s ON s.id = q.sortie_id
         WHERE q.membre_id IS NOT NULL AND s.etat = 'tenue'
           AND coalesce(q.presence, 'presente') IN ('presente', 'retard')
         ORDER BY q.membre_id, s.debut_le, s.id),
    comptes AS (
        SELECT q.sortie_id, count(*) FILTER (WHERE NOT q.remplacee) AS prises,
               count(*) FILTER (WHERE q.presence IN ('presente', 'retard')) AS venues,
               count(*) FILTER (WHERE q.presence = 'absente') AS absentes,
               count(f.membre_id) AS premieres,
               count(*) FILTER (WHERE NOT q.remplacee AND k.prix = 0) AS gratuits,
               count(*) FILTER (WHERE NOT q.remplacee AND k.prix > 0) AS payants,
               count(*) FILTER (WHERE NOT q.remplacee AND k.prix IS NULL) AS invites
          FROM sieges q JOIN saison s ON s.id = q.sortie_id
          LEFT JOIN premieres f ON f.membre_id = q.membre_id AND f.sortie_id = q.sortie_id
          LEFT JOIN pass_culture k ON k.membre_id = q.membre_id AND k.annule_le IS NULL AND s.jour BETWEEN k.du AND k.au
         GROUP BY 1),
    siennes AS (
        SELECT i.sortie_id, e.id AS ecriture_id FROM ecriture e LEFT JOIN ecriture o ON o.id = e.contrepasse_id
          JOIN inscription i ON i.id = split_part(coalesce(o.cle, e.cle), ':', 2)::bigint
         WHERE coalesce(o.cle, e.cle) LIKE 'sortie:%'
        UNION ALL
        SELECT split_part(coalesce(o.cle, e.cle), ':', 2)::bigint, e.id FROM ecriture e
          LEFT JOIN ecriture o ON o.id = e.contrepasse_id
         WHERE coalesce(o.cle, e.cle) LIKE 'lieux:%'),
    argent AS (
        SELECT w.sortie_id, -coalesce(sum(m.montant) FILTER (WHERE m.compte IN ('billetterie', 'lieux')), 0) AS cout,
               -coalesce(sum(m.montant) FILTER (WHERE m.compte = 'lieux'), 0) AS facture,
               coalesce(sum(m.montant) FILTER (WHERE m.compte = 'foyer'), 0) AS familles,
               coalesce(sum(m.montant) FILTER (WHERE m.compte = 'participation_ccas'), 0) AS ccas
          FROM siennes w JOIN saison s ON s.id = w.sortie_id JOIN mouvement m ON m.ecriture_id = w.ecriture_id
         GROUP BY 1)
    SELECT s.id, s.titre, s.maison, s.etat, s.debut_le, s.places, coalesce(c.prises, 0) AS prises,
           coalesce(c.venues, 0) AS venues, coalesce(c.absentes, 0) AS absentes, coalesce(c.premieres, 0) AS premieres,
           coalesce(c.gratuits, 0) AS gratuits, coalesce(c.payants, 0) AS payants, coalesce(c.invites, 0) AS invites,
           coalesce(a.cout, 0) AS cout, coalesce(a.facture, 0) AS facture,
           coalesce(a.familles, 0) AS familles, coalesce(a.ccas, 0) AS ccas
      FROM saison s LEFT JOIN comptes c ON c.sortie_id = s.id LEFT JOIN argent a ON a.sortie_id = s.id
     ORDER BY s.debut_le, s.id
    """
)


def saison_en_lignes(session: Session, saison: Saison, maison_id: int | None) -> list[LigneDeSaison]:
    """Its outings, the first one first; those of one maison, or all. One query."""
    rows = session.execute(_SAISON, {"du": saison.du, "au": saison.au, "maison": maison_id})
    return [_ligne(dict(row._mapping)) for row in rows]


def saisons_connues(session: Session) -> list[Saison]:
    """The seasons in which an outing stands, the latest first. One query."""
    named = text(
        "SELECT DISTINCT extract(year FROM (debut_le AT TIME ZONE 'Europe/Paris') - interval '8 months')::int AS annee"
        " FROM sortie WHERE etat <> 'brouillon' ORDER BY 1 DESC"
    )
    return [Saison(int(annee)) for annee in session.scalars(named)]


def total(lignes: Sequence[LigneDeSaison]) -> Total:
    """The mix is the sum of the mixes that are shown: a total of all would give away the one that is hidden."""
    kept = [one for one in lignes if one.etat != EtatSortie.ANNULEE]
    shown = [one.statuts for one in kept if one.statuts is not None]
    return Total(
        sorties=len(kept),
        tenues=sum(one.etat == EtatSortie.TENUE for one in kept),
        places=sum(one.places for one in kept),
        prises=sum(one.prises for one in kept),
        venues=sum(one.venues for one in kept),
        absentes=sum(one.absentes for one in kept),
        premieres=sum(one.premieres for one in kept),
        statuts=Statuts(*(sum(getattr(one, name) for one in shown) for name in ("gratuits", "payants", "invites")))
        if shown
        else None,
        cout=sum(one.cout for one in lignes),
        familles=sum(one.familles for one in lignes),
        ccas=sum(one.ccas for one in lignes),
    )


def _ligne(row: dict[str, object]) -> LigneDeSaison:
    mix = Statuts(*(int(str(row.pop(name))) for name in ("gratuits", "payants", "invites")))
    title = insecables(str(row.pop("titre")))
    return LigneDeSaison(titre=title, statuts=mix if mix.lisibles and row["prises"] else None, **row)  # type: ignore[arg-type]
