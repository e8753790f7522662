// While the answer to a form is on its way its buttons rest, so that an impatient second click sends nothing twice.
(function () {
  "use strict";
  for (const form of document.querySelectorAll("form[method=post]")) {
    const rest = (isSent) => form.querySelectorAll("button").forEach((one) => { one.disabled = isSent; });
    // A moment later, or the browser would leave out the name and value of the button that was pressed.
    form.addEventListener("submit", () => setTimeout(() => rest(true), 0));
    window.addEventListener("pageshow", () => rest(false)); // also when one comes back to the page as it was left
  }
})();
