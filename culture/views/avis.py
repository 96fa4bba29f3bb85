"""The page of the two questions, opened by the link of the word of thanks: no password, one answer for a household."""

from flask import render_template
from werkzeug.wrappers import Response

from culture.avis import donner, reponse_de
from culture.formulaires.avis import AvisForm
from culture.liens import avis_du_jeton
from culture.queries.sorties import sortie_vue
from culture.regles.jalons import avis_jusqu_a
from foyers.formulaires import sans_refus
from kernel.clock import now
from kernel.db import reading, transaction
from kernel.web.access import public
from kernel.web.security import signed_link

Page = str | Response | tuple[str, int]


@public("a signed link of ours, to say what a household thought of an outing; it opens nothing else")
@signed_link
def avis_par_lien(jeton: str) -> Page:
    sortie_id, foyer_id = avis_du_jeton(jeton)
    with reading() as session:
        seen = sortie_vue(session, sortie_id)
        given = reponse_de(session, sortie_id, foyer_id)
    form = AvisForm(data=AvisForm.connu(given))
    closes = avis_jusqu_a(seen.debut_le)
    page = {"s": seen, "jeton": jeton, "jusqu_au": closes, "ouvert": now() < closes, "donne": given is not None}

    def write() -> None:
        with transaction() as session:
            donner(
                session,
                sortie_id=sortie_id,
                foyer_id=foyer_id,
                note=int(form.note.data),
                mot=form.mot.data or "",
                partage=bool(form.partage.data),
                instant=now(),
            )

    if form.validate_on_submit() and sans_refus(form, "note", write):
        return render_template("culture/avis.html", form=form, merci=True, **page)
    return render_template("culture/avis.html", form=form, merci=False, **page), 422 if form.errors else 200
