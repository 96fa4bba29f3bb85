// The till: what to give back as the sum is written, and the total of a count. Without this file the server says both.
(() => {
  const centimes = (text) => {
    const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.replace(/[€\s]/g, ""));
    return found ? Number(found[1]) * 100 + Number((found[2] ?? "0").padEnd(2, "0")) : null;
  };
  const euros = (amount) =>
    `${Math.trunc(amount / 100).toLocaleString("fr-FR")},${String(amount % 100).padStart(2, "0")}\u00a0€`;

  const taking = document.querySelector("[data-encaisser]");
  if (taking) {
    const due = taking.querySelector("[name=montant]");
    const given = taking.querySelector("[name=donne]");
    const said = taking.querySelector("[data-rendre]");
    const tell = () => {
      const [sum, handed] = [centimes(due.value), given ? centimes(given.value) : null];
      for (const note of taking.querySelectorAll("[data-billet]")) {
        const back = Number(note.value) - (sum ?? 0);
        note.disabled = sum !== null && back < 0;
        note.querySelector("small").textContent = sum === null || back < 0 ? "" : `${said.dataset.mot} ${euros(back)}`;
      }
      said.textContent = sum !== null && handed !== null && handed >= sum ? `${said.dataset.mot} ${euros(handed - sum)}` : "";
    };
    taking.addEventListener("input", tell);
    tell();
  }

  const counting = document.querySelector("[data-comptage]");
  if (counting) {
    const shown = counting.querySelector("[data-total]");
    const add = () => {
      let sum = 0;
      for (const field of counting.querySelectorAll("[data-coupure]")) {
        sum += Number(field.dataset.coupure) * (/^\d{1,4}$/.test(field.value.trim()) ? Number(field.value) : 0);
      }
      shown.textContent = euros(sum);
    };
    counting.addEventListener("input", add);
    add();
  }
})();
