// A menu of the header closes when one turns elsewhere, or by Escape. Without this file its word closes it.
(() => {
  const open = () => document.querySelector(".entete details[open]");

  document.addEventListener("click", (event) => {
    const menu = open();
    if (menu && !menu.contains(event.target)) menu.open = false;
  });

  document.addEventListener("keydown", (event) => {
    const menu = open();
    if (event.key !== "Escape" || !menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
})();
