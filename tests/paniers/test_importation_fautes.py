"""Forty kinds of fault in a sheet: each named on its line, and nothing written."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.empreintes import empreinte
from tests.paniers.feuilles import ligne
from tests.paniers.tableurs import LONG, faire, lot, maisons

__all__ = ["maisons"]


FAUTES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no name": ({"nom": ""}, "Nom", "Le nom manque"),
    "a figure in a name": ({"nom": "Benali2"}, "Nom", "avec des lettres"),
    "a formula for a name": ({"nom": "=HYPERLINK(1)"}, "Nom", "avec des lettres"),
    "a name too long": ({"nom": "a" * 81}, "Nom", "trop long"),
    "a cell far too long": ({"nom": "a" * 100_000}, "Nom", "très long"),
    "invisible signs": ({"prenom": "Zo\u202eé"}, "Prénom", "invisibles"),
    "no first name": ({"prenom": " "}, "Prénom", "prénom manque"),
    "an error for a first name": ({"prenom": "#N/A"}, "Prénom", "en erreur"),
    "no maison": ({"maison": ""}, "Maison", "maison manque"),
    "an unknown maison": ({"maison": "Tombouctou"}, "Maison", "pas connue"),
    "a closed maison": ({"maison": "Baladins"}, "Maison", "n’accueille plus"),
    "a short telephone": ({"telephone": "0612"}, "Téléphone", "un seul numéro"),
    "two telephones": ({"telephone": "0611223344 / 0611223345"}, "Téléphone", "un seul numéro"),
    "a telephone spoilt by Excel": ({"telephone": "6,12E+08"}, "Téléphone", "abîmé"),
    "a word for a telephone": ({"telephone": "voisine"}, "Téléphone", "un seul numéro"),
    "half an e-mail": ({"email": "samira@"}, "E-mail", "incomplète"),
    "two e-mails": ({"email": "a@b.fr, c@d.fr"}, "E-mail", "incomplète"),
    "a mail header": ({"email": "a@b.fr\nBcc: x@y.fr"}, "E-mail", "incomplète"),
    "a rare language": ({"langue": "klingon"}, "Langue", "en un mot"),
    "a word for a quotient": ({"qf": "moyen"}, "Quotient familial", "en chiffres"),
    "a negative quotient": ({"qf": "-5"}, "Quotient familial", "en chiffres"),
    "a huge quotient": ({"qf": "100000"}, "Quotient familial", "en chiffres"),
    "no month": ({"mois_qf": ""}, "Mois du QF", "le mois de l’attestation"),
    "a thirteenth month": ({"mois_qf": "13/2026"}, "Mois du QF", "09/2026"),
    "a month to come": ({"mois_qf": "12/2026"}, "Mois du QF", "avenir"),
    "checked tomorrow": ({"verifie_le": "21/11/2026"}, "Vérifié le", "avenir"),
    "checked by a word": ({"verifie_le": "oui"}, "Vérifié le", "03/09/2026"),
    "three baskets": ({"nombre": "3"}, "Paniers", "un ou deux"),
    "half a basket": ({"nombre": "1,5"}, "Paniers", "un ou deux"),
    "the thirty-first of February": ({"debut": "31/02/2027"}, "Début", "qu’elle existe"),
    "an American date": ({"debut": "12/31/2026"}, "Début", "le jour, le mois"),
    "a number for a date": ({"fin": "46352"}, "Fin", "le jour, le mois"),
    "the year 99999": ({"fin": "01/01/99999"}, "Fin", "le jour, le mois"),
    "an end before the start": ({"debut": "03/02/2027", "fin": "03/01/2027"}, "Fin", "avant le début"),
    "ten years": ({"fin": "01/01/2037"}, "Paniers", "un an au plus"),
    "a start in ten years": ({"debut": "01/01/2037", "fin": ""}, "Paniers", "dans l’année"),
    "a date in Arabic figures": ({"debut": "٠٣/٠٩/٢٠٢٦"}, "Début", "le jour, le mois"),
    "zero width": ({"nom": "\u200b"}, "Nom", "invisibles"),
    "a NUL": ({"prenom": "Zo\x01é"}, "Prénom", "invisibles"),
    "markup": ({"prenom": "<b>Zoé</b>"}, "Prénom", "avec des lettres"),
}
REMARQUES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an old quotient": ({"mois_qf": "09/2024"}, "Mois du QF", "plus d’un an"),
    "a subscription that is over": ({"fin": "01/10/2026"}, "Fin", "est fini"),
    "a card": ({"reglement": "Carte bancaire"}, "Mode de règlement", "Une carte ne se reprend pas"),
    "a maison with a typing error": ({"maison": "Capuhce"}, "Maison", "Lu : Capuche"),
    "nothing to reach them by": ({"telephone": "", "email": ""}, "Téléphone", "sur papier"),
}


def test_there_are_forty_kinds_of_fault() -> None:
    assert len(FAUTES) >= 40


@pytest.mark.parametrize("combien", [20, pytest.param(LONG, marks=pytest.mark.long)])
def test_each_fault_is_named_on_its_line_and_nothing_is_written(maisons: dict[str, int], combien: int) -> None:
    """All kinds at once, each on a line of its own among good ones; the trial and the import say the same."""
    rows, wanted = lot(combien), {}
    for rank, (changes, column, said) in enumerate(FAUTES.values()):
        rows.append(ligne(90_000 + rank, **changes))
        wanted[len(rows)] = (column, said)
        rows.append([])
    before = empreinte()
    for told in (faire(rows, ecrire=False), faire(rows)):
        assert empreinte() == before, "all or nothing"
        assert told.bloque
        assert told.bilan.abonnements == combien
        grave = {fault.ligne: fault for fault in told.fautes if fault.grave}
        assert grave.keys() == wanted.keys()
        for number, (column, said) in wanted.items():
            assert grave[number].colonne == column, (number, grave[number])
            assert said in grave[number].phrase.replace("\u00a0", " "), (number, grave[number])
            assert len(grave[number].lu) <= 61


@pytest.mark.parametrize("nom", REMARQUES)
def test_what_is_put_right_or_left_aside_is_said(maisons: dict[str, int], nom: str) -> None:
    changes, column, said = REMARQUES[nom]
    told = faire(lot(0, ligne(1, **changes)))
    (remark,) = told.fautes
    assert (remark.grave, remark.colonne, remark.ligne) == (False, column, 2)
    assert said in remark.phrase.replace("\u00a0", " ")
    assert (told.bloque, told.bilan.nouveaux) == (False, 1)


@pytest.mark.parametrize("combien", [30, pytest.param(LONG, marks=pytest.mark.long)])
def test_the_last_line_s_fault_leaves_nothing_of_the_others(maisons: dict[str, int], combien: int) -> None:
    """Its fault shows only when its subscription is taken, after everything else is written."""
    before = empreinte()
    told = faire(lot(combien, ligne(99_999, fin="01/01/2037")))
    (fault,) = [fault for fault in told.fautes if fault.grave]
    assert (fault.ligne, fault.colonne) == (combien + 2, "Paniers")
    assert "un an au plus" in fault.phrase
    assert told.bilan.nouveaux == combien + 1
    assert empreinte() == before


def test_without_the_savepoint_the_others_would_stay(maisons: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what rolls back is the savepoint."""

    class Nothing:
        def commit(self) -> None: ...

        def rollback(self) -> None: ...

    monkeypatch.setattr(Session, "begin_nested", lambda self: Nothing())
    before = empreinte()
    assert faire(lot(5, ligne(99_999, fin="01/01/2037"))).bloque
    assert empreinte() != before
