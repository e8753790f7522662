// Spells out the weekday beside each date field while it is being filled in: <span data-weekday-of="id of the field">.
// The server has written the weekday of the day that stood there; the words are the browser's, in the page's language.
(function () {
  "use strict";
  const words = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", timeZone: "UTC" });
  for (const place of document.querySelectorAll("[data-weekday-of]")) {
    const field = document.getElementById(place.dataset.weekdayOf);
    const say = () => { place.textContent = field.valueAsDate ? words.format(field.valueAsDate) : ""; };
    field.addEventListener("input", say);
    field.addEventListener("change", say);
    window.addEventListener("pageshow", say);
  }
})();
