"""What a played week must show of families who give their basket or send somebody: each check names its faults."""

import subprocess
from collections import Counter
from collections.abc import Callable, Mapping

from demo.dons import A_QUI
from tests.scenarios.semaine.jeu import Jeu, Row

PROMIS = (
    "SELECT p.* FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.code = %(code)s AND EXISTS (SELECT FROM"
    " choix c WHERE c.abonnement_id = p.abonnement_id AND c.semaine_id = s.id AND c.nature = 'solidarite'"
    " AND c.fait_le < s.cloture_le)"
)
PANIERS = "SELECT p.* FROM panier p JOIN semaine s ON s.id = p.semaine_id WHERE s.code = %(code)s"


def choix(jeu: Jeu) -> list[str]:
    """The closing has marked the baskets whose families had said so by then, and no other."""
    said, marked = ({row["id"] for row in rows} for rows in (jeu.lire(PROMIS), jeu.lire(PANIERS + " AND p.a_donner")))
    return [f"basket {key} is marked on one side only" for key in sorted(said ^ marked)]


def porte(jeu: Jeu) -> list[str]:
    """Each is given once to whom the agents say, unless its maison was closed; nobody fetched one."""
    gifts = Counter((row["panier_id"], row["a"]) for row in jeu.lire("SELECT * FROM don WHERE annule_id IS NULL"))
    fetched = {row["panier_id"] for row in jeu.lire("SELECT panier_id FROM retrait")}
    faults = [f"basket {row['id']} was fetched" for row in jeu.lire(PROMIS) if row["id"] in fetched]
    for row in jeu.lire(PROMIS):
        expected = 0 if row["etat"] == "annule" else 1
        if gifts[row["id"], A_QUI] != expected or (row["etat"] == "donne") != bool(expected):
            faults.append(f"basket {row['id']} is {row['etat']}, given {gifts[row['id'], A_QUI]} times")
    given = sum(row["nombre"] for row in jeu.lire(PROMIS) if row["etat"] == "donne")
    if given != jeu.dit["solidarite"]["donnes"]:
        faults.append(f"the story tells of {jeu.dit['solidarite']['donnes']} given baskets, there are {given}")
    return faults


def messages(jeu: Jeu) -> list[str]:
    """Who gives is neither awaited the day before nor written to afterwards; whoever else did not come is, once."""
    told = Counter(row["cle"] for row in jeu.lire("SELECT cle FROM message"))
    promised = {row["id"] for row in jeu.lire(PROMIS)}
    faults = []
    for row in jeu.lire(PANIERS):
        gives, away = row["id"] in promised, row["etat"] in ("non_retire", "donne")
        afterwards = told[f"panier:{row['id']}:non_retire"]
        if afterwards != (away and not gives):
            faults.append(f"basket {row['id']}, {row['etat']}: told {afterwards} times")
        if gives and told[f"retrait:{row['id']}"]:
            faults.append(f"basket {row['id']} is given, and its family was told to come")
    return faults


def papiers(jeu: Jeu) -> list[str]:
    """No voucher for a given basket; a maison's sheet of the day names who came in whose place, and what was given."""
    kept = {row["key"] for row in jeu.lire("SELECT key FROM document")}
    faults = [f"basket {row['id']} has a voucher" for row in jeu.lire(PROMIS) if f"bon:{row['id']}" in kept]
    sheets = jeu.lire(
        "SELECT d.content, m.id FROM document d JOIN semaine s ON s.code = %(code)s"
        " JOIN maison m ON d.key = 'feuille:' || s.id || ':' || m.id"
    )
    if not sheets:
        faults.append("no maison has its sheet of the day")
    for sheet in sheets:
        faults += _feuille(jeu, sheet)
    return faults


def _feuille(jeu: Jeu, sheet: Row) -> list[str]:
    text = " ".join(_en_mots(sheet["content"]).split())
    sent = jeu.lire(
        "SELECT q.prenom || ' ' || q.nom AS qui, count(*) AS combien FROM retrait r JOIN panier p ON p.id = r.panier_id"
        " JOIN semaine s ON s.id = p.semaine_id JOIN procuration q ON q.id = r.procuration_id"
        " WHERE s.code = %(code)s AND p.maison_id = %(maison)s AND p.etat = 'remis' GROUP BY 1",
        maison=sheet["id"],
    )
    faults = [
        f"maison {sheet['id']}: {row['qui']} came {row['combien']} times, which the sheet does not say"
        for row in sent
        if text.count("à " + row["qui"]) != row["combien"]
    ]
    named = sum(text.count("à " + who) for who in jeu.noms_des_proches())
    if named != sum(row["combien"] for row in sent):
        faults.append(f"maison {sheet['id']}: the sheet names {named} others, the register {len(sent)}")
    promised = [row for row in jeu.lire(PROMIS) if row["maison_id"] == sheet["id"] and row["etat"] == "donne"]
    if promised and A_QUI not in text:
        faults.append(f"maison {sheet['id']}: the sheet does not say to whom baskets were given")
    return faults


def _en_mots(content: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return done.stdout.decode().replace("\N{NO-BREAK SPACE}", " ")


CONTROLES: Mapping[Callable[[Jeu], list[str]], tuple[str, ...]] = {
    choix: (
        "UPDATE panier SET a_donner = false WHERE a_donner",
        "UPDATE choix SET nature = 'pas_cette_semaine' WHERE nature = 'solidarite'",
    ),
    porte: (
        "DELETE FROM don WHERE panier_id IN (SELECT id FROM panier WHERE a_donner)",
        "INSERT INTO retrait (panier_id, moyen, le) SELECT id, 'scan', now() FROM panier WHERE a_donner",
        "UPDATE panier SET etat = 'non_retire' WHERE a_donner AND etat = 'donne'",
    ),
    messages: (
        "UPDATE message SET cle = 'retrait:' || (SELECT max(id) FROM panier WHERE a_donner)"
        " WHERE id = (SELECT max(id) FROM message)",
        "DELETE FROM message WHERE cle = (SELECT max(cle) FROM message WHERE modele = 'paniers/non_retire')",
    ),
    papiers: (
        "INSERT INTO document (key, filename, content, media_type) SELECT 'bon:' || max(id), 'bon.pdf', '',"
        " 'application/pdf' FROM panier WHERE a_donner",
        "DELETE FROM document WHERE key LIKE 'feuille:%%'",
        "UPDATE retrait SET procuration_id = NULL",
    ),
}
"""Each check, and what it must see when the town is tampered with."""
