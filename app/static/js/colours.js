// The colour that is being chosen is shown at once: the page takes it. Without this script it is there after sending.
(function () {
  "use strict";
  const sheet = document.querySelector("link[href*='/colours/']");
  const own = document.querySelector(".swatches input[type=color]");
  if (!sheet || !own) return;
  document.querySelector(".swatches").addEventListener("input", (event) => {
    if (event.target === own) document.querySelector(".swatches [value=own]").checked = true;
    const chosen = document.querySelector(".swatches :checked").value;
    const colour = chosen === "own" ? own.value : chosen;
    sheet.href = sheet.href.replace(/[0-9a-f]{6}\.css/, colour.slice(1) + ".css");
  });
})();
