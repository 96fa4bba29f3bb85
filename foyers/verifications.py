"""Invariants of households and accounts, asked of the database; each fault is told in one French sentence."""

from typing import Any

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.orm import Session

from foyers.dossiers import place_du_qf
from foyers.folding import plier
from foyers.models import Foyer, JustificatifQF, Membre, PieceQF
from foyers.pieces import place_de_la_page
from foyers.quotient import VALEUR_MAX
from kernel.sealed import Unsealable, unseal, unseal_bytes

_PAR_LOT = 2_000
_PIECES_PAR_LOT = 20
_EXEMPLES = 5

# Each query returns the keys at fault, and its sentence names them.
_REGLES: tuple[tuple[str, TextClause], ...] = (
    (
        "Foyers sans personne référente",
        text(
            "SELECT f.id FROM foyer f WHERE NOT EXISTS (SELECT FROM membre m WHERE m.foyer_id = f.id AND m.referent) "
            "ORDER BY 1"
        ),
    ),
    (
        "Connexions de comptes fermés (comptes)",
        text("SELECT DISTINCT c.id FROM compte c JOIN connexion x ON x.compte_id = c.id WHERE NOT c.actif ORDER BY 1"),
    ),
    (
        "Connexions qui finissent avant de commencer (comptes)",
        text("SELECT DISTINCT compte_id FROM connexion WHERE expire_le <= ouverte_le ORDER BY 1"),
    ),
    (
        "Connexions de plus de trente jours (comptes)",
        text("SELECT DISTINCT compte_id FROM connexion WHERE expire_le > ouverte_le + interval '30 days' ORDER BY 1"),
    ),
    (
        "Comptes dont le mot de passe n’est pas gardé comme il faut",
        text("SELECT id FROM compte WHERE mot_de_passe NOT LIKE '$argon2id$%' ORDER BY 1"),
    ),
    (
        "Comptes rattachés à une maison sans y travailler",
        text(
            "SELECT DISTINCT c.id FROM compte c JOIN compte_maison cm ON cm.compte_id = c.id "
            "WHERE c.role NOT IN ('agent', 'benevole') ORDER BY 1"
        ),
    ),
    (
        "Quotients vérifiés ou refusés avant d’être déclarés (justificatifs)",
        text("SELECT id FROM justificatif_qf WHERE least(verifie_le, refuse_le) < declare_le ORDER BY 1"),
    ),
    (
        "Quotients du futur (justificatifs)",
        text("SELECT id FROM justificatif_qf WHERE mois > (declare_le AT TIME ZONE 'Europe/Paris')::date ORDER BY 1"),
    ),
    (
        "Attestations gardées après la réponse (justificatifs)",
        text(
            "SELECT DISTINCT j.id FROM justificatif_qf j JOIN piece_qf p ON p.justificatif_id = j.id "
            "WHERE coalesce(j.verifie_le, j.refuse_le) IS NOT NULL ORDER BY 1"
        ),
    ),
    (
        "Attestations sans leur première page (justificatifs)",
        text("SELECT justificatif_id FROM piece_qf GROUP BY 1 HAVING max(page) <> count(*) ORDER BY 1"),
    ),
    (
        "Messages qui ne sont partis par aucune voie, ou par deux (messages)",
        text(
            "SELECT m.id FROM message m LEFT JOIN lettre l ON l.message_id = m.id "
            "LEFT JOIN appel a ON a.message_id = m.id WHERE (m.voie = 'lettre') <> (l.message_id IS NOT NULL) "
            "OR (m.voie = 'appel') <> (a.message_id IS NOT NULL) "
            "OR (m.voie = 'courriel' AND NOT EXISTS (SELECT FROM mail WHERE mail.key = m.cle)) ORDER BY 1"
        ),
    ),
    (
        "Appels dont le dernier essai dit autre chose que leur état (messages)",
        text(
            "SELECT a.message_id FROM appel a LEFT JOIN LATERAL (SELECT e.resultat FROM appel_essai e "
            "WHERE e.appel_id = a.message_id ORDER BY e.id DESC LIMIT 1) d ON true "
            "WHERE (a.fait_le IS NOT NULL) <> coalesce(d.resultat = 'appele', false) ORDER BY 1"
        ),
    ),
    (
        "Lettres rangées avec une liste d’appels (messages)",
        text(
            "SELECT l.message_id FROM lettre l JOIN liasse s ON s.id = l.liasse_id "
            "WHERE s.nature <> 'lettres' ORDER BY 1"
        ),
    ),
    (
        "Lectures de quotients par un compte qui n’est pas de l’équipe (foyers)",
        text(
            "SELECT DISTINCT l.foyer_id FROM lecture_qf l JOIN compte c ON c.id = l.compte_id "
            "WHERE c.role NOT IN ('agent', 'coordination', 'administration') ORDER BY 1"
        ),
    ),
)


def verifier(session: Session) -> list[str]:
    """Every fault found among households and accounts; an empty list when all is well."""
    faults = [_phrase(title, list(session.scalars(query))) for title, query in _REGLES]
    faults += [_phrase("Quotients illisibles ou impossibles (justificatifs)", _quotients_illisibles(session))]
    faults += [_phrase("Attestations illisibles (justificatifs)", _pieces_illisibles(session))]
    faults += [_phrase("Foyers introuvables par la recherche", _mal_plies(session))]
    return [fault for fault in faults if fault]


def _quotients_illisibles(session: Session) -> list[int]:
    rows = session.execute(
        select(JustificatifQF.id, JustificatifQF.foyer_id, JustificatifQF.valeur_scellee).order_by(JustificatifQF.id),
        execution_options={"yield_per": _PAR_LOT},
    )
    return [row.id for row in rows if not _s_ouvre(row.valeur_scellee, row.foyer_id)]


def _s_ouvre(sealed: bytes, foyer_id: int) -> bool:
    try:
        return 0 <= int(unseal(sealed, place_du_qf(foyer_id))) <= VALEUR_MAX
    except (Unsealable, ValueError, IndexError):
        return False


def _pieces_illisibles(session: Session) -> list[int]:
    """Quotients with a page that does not open, or that is no picture of ours."""
    rows = session.execute(
        select(JustificatifQF.foyer_id, PieceQF.justificatif_id, PieceQF.page, PieceQF.image_scellee)
        .join(JustificatifQF, JustificatifQF.id == PieceQF.justificatif_id)
        .order_by(PieceQF.justificatif_id, PieceQF.page),
        execution_options={"yield_per": _PIECES_PAR_LOT},
    )
    return sorted({row.justificatif_id for row in rows if not _est_une_image(row)})


def _est_une_image(row: Any) -> bool:
    try:
        place = place_de_la_page(row.foyer_id, row.justificatif_id, row.page)
        return unseal_bytes(row.image_scellee, place).startswith(b"\xff\xd8\xff")
    except Unsealable:
        return False


def _mal_plies(session: Session) -> list[int]:
    """Households whose folded name, or a member's, is not the fold of the name."""
    faults = [
        row.id for row in session.execute(select(Foyer.id, Foyer.nom, Foyer.nom_plie)) if plier(row.nom) != row.nom_plie
    ]
    members = select(Membre.foyer_id, func.concat(Membre.prenom, " ", Membre.nom).label("nom"), Membre.nom_plie)
    faults += [row.foyer_id for row in session.execute(members) if plier(row.nom) != row.nom_plie]
    return sorted(set(faults))


def _phrase(title: str, keys: list[int]) -> str:
    if not keys:
        return ""
    shown = ", ".join(str(key) for key in keys[:_EXEMPLES])
    more = f" et {len(keys) - _EXEMPLES} autres" if len(keys) > _EXEMPLES else ""
    return f"{title} : {shown}{more}."
