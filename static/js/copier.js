// Copies the text of a field; without JavaScript, or where the browser will not, the field itself is there to copy.
for (const button of document.querySelectorAll("[data-copier]")) {
  if (!navigator.clipboard) break;
  const field = document.getElementById(button.dataset.copier);
  const word = button.querySelector("span");
  const before = word.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      word.textContent = button.dataset.fait;
      setTimeout(() => { word.textContent = before; }, 3000);
    } catch {
      field.focus();
      field.select();
    }
  });
}
