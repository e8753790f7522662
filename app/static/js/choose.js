// "Choose all" ticks the boxes of the list without loading the page again.
(function () {
  "use strict";
  const link = document.querySelector("a[data-choose-all]");
  if (!link) return;
  const boxes = [...document.querySelectorAll("input[name=chosen]")];
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const isOn = boxes.some((box) => !box.checked);
    for (const box of boxes) box.checked = isOn;
  });
})();
