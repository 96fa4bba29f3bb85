// A form is sent once: its button rests after the first press, and wakes when the page is shown again.
// The server stays safe without this file; it only spares a doubt.
(() => {
  const resting = new Set();

  const rest = (button) => {
    button.setAttribute("aria-busy", "true");
    resting.add(button);
  };

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || form.dataset.envoi === "libre") return;
    if (form.dataset.envoye) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post") return;
    form.dataset.envoye = "oui";
    // `disabled` would drop the pressed button's own name and value from what is sent.
    const button = event.submitter || form.querySelector("[type=submit], button:not([type])");
    if (button) rest(button);
  });

  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-envoye]")) delete form.dataset.envoye;
    for (const button of resting) button.removeAttribute("aria-busy");
    resting.clear();
  });
})();
