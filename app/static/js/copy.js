// Buttons that copy a field: <button hidden data-copy="id of the field" data-copied="what to say then">.
// Without a script the button stays hidden and the field is there to be marked by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const status = document.getElementById(button.dataset.copy + "-copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      document.execCommand("copy"); // where the page is not served over TLS
    }
    status.textContent = button.dataset.copied;
  });
}
