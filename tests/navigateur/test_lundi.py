"""Monday: the family's voucher is there; a household whose card was refused reads its mail and pays by its link."""

import re
from io import BytesIO

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import text

from kernel import qr
from kernel.db import reading
from tests.navigateur.camera import photographier
from tests.navigateur.ecran import NouvelEcran
from tests.navigateur.regard import capturer, examiner
from tests.navigateur.temps import CODE, Moment, Temps

pytestmark = pytest.mark.navigateur

LIEN = re.compile(r"http\S+/paiements/lien/\S+")


def test_the_voucher_is_on_the_page_and_in_its_pdf(
    temps: Temps, ouvrir: NouvelEcran, tmp_path_factory: pytest.TempPathFactory
) -> None:
    temps.aller(Moment.LUNDI)
    ecran = ouvrir("habitante")
    assert "Votre bon de retrait" in ecran.texte
    shown = ecran.page.locator(".bon__qr").screenshot()
    address = ecran.page.get_by_role("link", name="Télécharger le bon").get_attribute("href")
    assert address is not None
    pdf = ecran.contexte.request.get(ecran.site + address)
    assert (pdf.status, pdf.headers["content-type"]) == (200, "application/pdf")
    printed = zxingcpp.read_barcodes(photographier(pdf.body(), tmp_path_factory.mktemp("bon")))
    assert len(printed) == 1
    qr.verify(printed[0].text, temps.semaine().retrait_le)
    assert _decode(shown) == printed[0].text, "the telephone shows what the paper bears"
    capturer(ecran, "lundi-bon")
    assert examiner(ecran) == []


def test_a_household_whose_card_was_refused_pays_by_the_link_of_its_mail(temps: Temps, ouvrir: NouvelEcran) -> None:
    temps.aller(Moment.LUNDI)
    email = _refuse()
    message = _courriel(temps, email)
    found = LIEN.search(message)
    assert found is not None, message
    assert re.search("honte|impayé|dette|retard", message, re.IGNORECASE) is None, "a debt is told without shame"
    ecran = ouvrir()
    ecran.ouvrir(found.group())
    assert "Reste à payer" in ecran.texte
    capturer(ecran, "lundi-lien")
    faults = examiner(ecran)
    ecran.page.get_by_role("button", name=re.compile("^Payer")).click()
    ecran.page.wait_for_url(re.compile("/c/pay/"))
    ecran.remplir("Numéro de la carte", "4242 4242 4242 4242")
    ecran.remplir("Expire fin", "12 / 34")
    ecran.remplir("Code (CVC)", "123")
    ecran.page.get_by_role("button", name=re.compile("^Payer")).click()
    ecran.page.wait_for_url(re.compile("/paiements/retour"))
    assert "Merci, c’est payé" in ecran.texte
    capturer(ecran, "lundi-paye")
    faults += examiner(ecran)
    ecran.ouvrir(found.group())
    assert "C’est réglé, merci" in ecran.texte
    assert faults + examiner(ecran) == []


def _decode(picture: bytes) -> str:
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(picture)))
    return str(code.text)


def _refuse() -> str:
    """The address of a household whose charge was declined this week."""
    query = text(
        "SELECT f.email FROM paiement p JOIN echeance e ON e.id = p.echeance_id JOIN foyer f ON f.id = p.foyer_id "
        "WHERE e.cle = :code AND p.etat = 'refuse' AND f.email IS NOT NULL ORDER BY p.id LIMIT 1"
    )
    with reading() as session:
        return str(session.execute(query, {"code": CODE}).scalar_one())


def _courriel(temps: Temps, email: str) -> str:
    return next(str(mail["text"]) for mail in temps.courriels(email) if "/paiements/lien/" in mail["text"])
