// In a narrow window the list of a day takes the place of the board. It runs before the page is drawn.
// Without this script the board is scrolled sideways, and the list is one of the views above it.
(function () {
  "use strict";
  const list = document.currentScript.dataset.list;
  if (matchMedia("(max-width: 47.99rem)").matches) location.replace(list);
})();
