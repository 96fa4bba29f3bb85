// Live weighing of the basket as quantities are typed: the same figures and sentences as the server's "Recalculer".
// Whole numbers throughout (millionths of a centime), so that no rounding differs.
(() => {
  const form = document.querySelector("form[data-composition]");
  if (!form) return;
  const fields = Array.from(form.querySelectorAll("input[data-prix]"));
  if (!fields.length) return;
  const list = form.querySelector("[data-alertes]");
  const aim = Object.fromEntries(["paniers", "poids", "tolerance", "budget", "varietes", "max"].map((name) => [name, Number(form.dataset[name])]));
  const NBSP = "\u00a0";

  const euros = (cents) => {
    const whole = Math.floor(Math.abs(cents) / 100);
    return `${cents < 0 ? "−" : ""}${thousands(whole)},${String(Math.abs(cents) % 100).padStart(2, "0")}${NBSP}€`;
  };
  const thousands = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const weight = (grams) => (Math.abs(grams) < 1000 ? `${grams}${NBSP}g` : `${String(grams / 1000).replace(".", ",")}${NBSP}kg`);
  const pieces = (number) => `${number} pièces`;
  const counted = (number) => `${thousands(number)}${NBSP}${number < 2 ? "pièce" : "pièces"}`;
  const shares = Array.from(document.querySelectorAll("[data-parts] [data-producteur]"));
  const fill = (name, words) => list.dataset[name].replace(/\{(\w+)\}/g, (_, word) => words[word]);

  const read = (field) => {
    const compact = field.value.trim().replace(/\s|g$/g, "");
    if (compact === "") return 0;
    return /^[0-9]{1,6}$/.test(compact) && Number(compact) <= aim.max ? Number(compact) : NaN;
  };

  const part = (field) => {
    const quantity = read(field);
    const each = Number(field.dataset.pieces);
    const millionths = quantity * Number(field.dataset.prix) * (each ? 1_000_000 : 1000) * (field.dataset.tva ? 1.055 : 1);
    return { field, quantity, each, weight: quantity * (each || 1), cost: Math.round(millionths) };
  };

  const offers = (parts) =>
    parts.flatMap(({ field, quantity, each }) => {
      const { nom, lot, disponible } = field.dataset;
      const need = Math.ceil((quantity * aim.paniers) / Number(lot)) * Number(lot);
      if (need <= Number(disponible)) return [];
      const unit = each ? pieces : weight;
      return fill("offre", { nom, besoin: unit(need), paniers: aim.paniers, offre: unit(Number(disponible)) });
    });

  // What all the baskets need of an offer, in whole lots, against what is offered.
  const need = ({ field, quantity, each }) => {
    const lot = Number(field.dataset.lot);
    const wanted = quantity * aim.paniers;
    const lots = Math.ceil(wanted / lot);
    const unit = each ? counted : weight;
    const cell = field.closest("tr").querySelector("[data-besoin]");
    cell.classList.toggle("besoin--trop", lots * lot > Number(field.dataset.disponible));
    if (!(lots > 0)) return cell.replaceChildren("–");
    const left = lots * lot - wanted;
    const detail = Object.assign(document.createElement("span"), { className: "discret", textContent: fill(lots > 1 ? "lots" : "lot", { lots }) });
    if (left) detail.append(document.createElement("br"), fill("surplus", { surplus: unit(left) }));
    return cell.replaceChildren(unit(lots * lot), document.createElement("br"), detail);
  };

  const share = (parts) => {
    const total = parts.reduce((sum, { cost }) => sum + (cost || 0), 0);
    for (const line of shares) {
      const own = parts.filter(({ field }) => field.dataset.producteur === line.dataset.producteur).reduce((sum, { cost }) => sum + (cost || 0), 0);
      const percent = total ? Math.floor((200 * own + total) / (2 * total)) : 0;
      line.querySelector("b").textContent = `${percent}${NBSP}%`;
      line.querySelector("progress").value = percent;
    }
  };

  const alerts = (grams, cents, count) => {
    const found = [];
    if (grams < aim.poids - aim.tolerance) found.push(fill("manque", { poids: weight(grams), ecart: weight(aim.poids - grams) }));
    if (grams > aim.poids + aim.tolerance) found.push(fill("trop", { poids: weight(grams), ecart: weight(grams - aim.poids) }));
    if (cents > aim.budget) found.push(fill("cher", { cout: euros(cents), ecart: euros(cents - aim.budget), budget: euros(aim.budget) }));
    if (count < aim.varietes) found.push(fill("peu", { nombre: count, but: aim.varietes }));
    return found;
  };

  const show = (name, text, wrong) => {
    const tile = form.querySelector(`[data-mesure="${name}"]`);
    tile.querySelector("dd").textContent = text;
    tile.classList.toggle("chiffre--retard", wrong);
    tile.classList.toggle("chiffre--fait", !wrong);
  };

  const weigh = () => {
    const parts = fields.map(part);
    const chosen = parts.filter(({ quantity }) => quantity > 0);
    const grams = chosen.reduce((sum, { weight: own }) => sum + own, 0);
    const cents = Math.floor((chosen.reduce((sum, { cost }) => sum + cost, 0) + 500_000) / 1_000_000);
    show("poids", weight(grams), Math.abs(grams - aim.poids) > aim.tolerance);
    show("cout", euros(cents), cents > aim.budget);
    show("varietes", String(chosen.length), chosen.length < aim.varietes);
    for (const { field, quantity } of parts) {
      field.toggleAttribute("aria-invalid", Number.isNaN(quantity));
      if (Number.isNaN(quantity)) field.setAttribute("aria-invalid", "true");
      field.closest("tr").classList.toggle("est-choisie", quantity > 0);
    }
    parts.forEach(need);
    share(parts);
    const wrong = parts.filter(({ quantity }) => Number.isNaN(quantity)).map(({ field }) => `${field.dataset.nom}${NBSP}: ${list.dataset.saisie}`);
    const sentences = [...wrong, ...alerts(grams, cents, chosen.length), ...offers(chosen)];
    list.replaceChildren(...sentences.map((sentence) => Object.assign(document.createElement("li"), { textContent: sentence })));
  };

  form.addEventListener("input", weigh);
  weigh();
})();
