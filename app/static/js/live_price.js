// The price follows what is typed, and the clock. Without this script "Show the price first" sends the form, and the page answers the same.
(function () {
  "use strict";
  const form = document.querySelector("form[data-price]");
  if (!form) return;
  const PAUSE_MS = 350, CLOCK_MS = 30000, FIELDS = (form.dataset.fields || "reading amount").split(" ");
  let timer = 0, latest = 0;
  form.classList.add("is-live"); // hides "Show the price first", as the stylesheet does where it knows of scripts

  async function ask() {
    latest += 1;
    const mine = latest, typed = new FormData(form), values = new URLSearchParams();
    for (const name of FIELDS) if (typed.get(name)) values.set(name, typed.get(name));
    try {
      const answer = await fetch(form.dataset.price + (form.dataset.price.includes("?") ? "&" : "?") + values, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected || mine !== latest) return;
      const found = document.createElement("template");
      found.innerHTML = await answer.text();
      found.content.querySelectorAll("[data-part]").forEach(put);
      form.classList.replace("is-stuck", "is-live");
    } catch {
      form.classList.replace("is-live", "is-stuck"); // no network: the buttons still send the whole form
    }
  }

  function put(part) { // only what has changed: a reader would hear the same price again
    const place = document.getElementById(part.dataset.part);
    if (place && place.textContent.trim() !== part.textContent.trim()) place.replaceChildren(...part.childNodes);
  }

  form.addEventListener("input", (event) => {
    if (!FIELDS.includes(event.target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  });
  if (form.dataset.clock) setInterval(() => document.hidden || ask(), CLOCK_MS);
})();
