// Light or dark: the login's choice, else the system's, followed while the page is open.
(function () {
  "use strict";
  const page = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  function apply() {
    const choice = page.dataset.theme;
    const isDark = choice === "dark" || (choice !== "light" && system.matches);
    page.setAttribute("data-bs-theme", isDark ? "dark" : "light");
  }
  system.addEventListener("change", apply);
  apply();
})();
