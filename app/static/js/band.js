// What a part of a day's ribbon says is written below it when the part is touched or clicked: who, or why it is closed.
// Without this script a mouse shows the same words, and readers hear them.
(function () {
  "use strict";
  for (const band of document.querySelectorAll(".plan-list .band")) {
    band.addEventListener("click", (event) => {
      const part = event.target.closest("[title]");
      if (!part || part.localName === "a") return;
      let line = band.parentElement.querySelector(".band-says");
      if (!line) {
        line = document.createElement("p");
        line.className = "band-says small soft";
        line.setAttribute("role", "status");
        band.nextElementSibling.after(line);
      }
      line.textContent = part.title;
    });
  }
})();
