// "/" leads to the search, wherever nothing is being typed. Without this script the field and the link are there.
(function () {
  "use strict";
  const typed = "textarea, select, [contenteditable], input:not([type=checkbox], [type=radio], [type=submit])";
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches(typed)) return;
    const field = document.getElementById("find-all");
    if (!field) return;
    event.preventDefault();
    if (field.offsetParent) field.select(); else document.querySelector(".find-link").click();
  });
})();
