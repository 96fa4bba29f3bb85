"""Make the README's picture, docs/captures/accueil.png, from a demo town: a family's week on a telephone beside the
coordination's page on a Friday evening, once the basket is published.

    make captures
"""

import json
import random
import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, sync_playwright

from demo.actes import avancer_l_horloge, composer
from demo.ville import MOT_DE_PASSE
from demo.ville_a_part import ville_a_part
from kernel.clock import now
from kernel.db import reading
from paniers.semaines import prochaine_ouverte

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "captures" / "accueil.png"
TOWN = ("--foyers", "240", "--graine", "7", "--jour", "2026-11-20")
DESK, PHONE = (1180, 800), (375, 720)
MARGIN, OVERLAP = 40, 150
PAPER, INK = "#efe7d6", "#1d2b22"


def photograph(browser: Browser, site: str, size: tuple[int, int], login: str, path: str) -> Image.Image:
    """What this person sees on that page."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{site}/connexion?suite={path}")
    page.get_by_label("Adresse e-mail ou téléphone").fill(login)
    page.get_by_label("Mot de passe").fill(MOT_DE_PASSE)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(f"**{path}")
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    context.close()
    return picture


def framed(picture: Image.Image, radius: int) -> Image.Image:
    """The picture with round corners and a thin edge."""
    mask = Image.new("L", picture.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, picture.width - 1, picture.height - 1), radius, fill=255)
    cut = picture.convert("RGBA")
    cut.putalpha(mask)
    edge = (0, 0, picture.width - 1, picture.height - 1)
    ImageDraw.Draw(cut).rounded_rectangle(edge, radius, outline="#00000050", width=2)
    return cut


def laid_out(desk: Image.Image, phone: Image.Image) -> Image.Image:
    """Both on one sheet: the telephone stands before the desk's lower right corner."""
    width = MARGIN + desk.width + phone.width - OVERLAP + MARGIN
    sheet = Image.new("RGBA", (width, desk.height + 2 * MARGIN), PAPER)
    places = ((framed(desk, 14), (MARGIN, MARGIN)), (framed(phone, 34), (width - MARGIN - phone.width, 2 * MARGIN)))
    for picture, place in places:
        shade = Image.new("RGBA", sheet.size)
        shade.paste(INK + "50", (place[0], place[1] + 8), picture)
        sheet.alpha_composite(shade.filter(ImageFilter.GaussianBlur(14)))
        sheet.alpha_composite(picture, place)
    return sheet.convert("RGB")


def main() -> int:
    with TemporaryDirectory() as folder, ville_a_part(Path(folder) / "ville", TOWN) as town:
        with reading() as session:
            week = prochaine_ouverte(session, now())
        avancer_l_horloge(week.publication_le)
        composer(random.Random(7), week.code)  # noqa: S311 (a seed, not a secret)
        accounts = json.loads((town.var_dir / "comptes.json").read_text())
        family = next(one["identifiant"] for one in accounts if one["role"] == "habitante")
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            desk = photograph(browser, town.site, DESK, "coordination@ccas.example", "/coordination")
            phone = photograph(browser, town.site, PHONE, family, "/ma-semaine")
            browser.close()
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    laid_out(desk, phone).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size // 1000} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
