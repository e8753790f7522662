// The form answers while it is being filled in. Without this script its buttons send it, and the page answers the same.
(function () {
  "use strict";
  const form = document.querySelector("form.reserve");
  if (!form) return;
  const PAUSE_MS = 350, QUARTER_MS = 15 * 60000, STEPS_PER_START = 2;
  const NOT_ASKED = ["csrf_token", "form_key", "purpose", "revision", "overrule_reason", "q", "found_for"];
  let timer = 0, latest = 0;
  form.classList.add("is-live"); // hides "Check first", as the stylesheet does where it knows of scripts

  function wish(pick) {
    const values = new URLSearchParams(new FormData(form));
    NOT_ASKED.forEach((name) => values.delete(name));
    if (pick) values.set("pick", pick);
    return values;
  }

  async function ask(pick, key) {
    clearTimeout(timer);
    latest += 1;
    const mine = latest, values = wish(pick);
    if (!pick && (!values.get("date") || !values.get("time"))) return;
    try {
      const answer = await fetch(form.dataset.check + "?" + values, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected || mine !== latest) return;
      const found = document.createElement("template");
      found.innerHTML = await answer.text();
      show(found.content, pick, key);
    } catch {
      form.classList.replace("is-live", "is-stuck"); // no network: the buttons still send the whole form
    }
  }

  function show(found, pick, key) {
    const fields = found.querySelector("[data-part=fields]");
    if (fields && fields.dataset.asksWhich) return send(pick); // the clock shows this time twice: the page asks which
    for (const part of found.querySelectorAll("[data-part]")) {
      const place = document.getElementById(part.dataset.part);
      if (place) place.replaceChildren(...part.childNodes);
    }
    if (fields) fill(fields.dataset);
    if (key) form.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
  }

  function fill(values) {
    const names = { date: "date", time: "time", hours: "hours", minutes: "minutes", end_date: "endDate", end_time: "endTime" };
    for (const [name, key] of Object.entries(names)) form.elements[name].value = values[key];
    form.elements.date.dispatchEvent(new Event("change"));
    form.elements.end_date.dispatchEvent(new Event("change"));
  }

  function send(pick) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "pick", value: pick });
    form.append(field);
    form.submit();
  }

  // Free time of the ribbon starts where it is touched, by half-hours; by keyboard at its begin.
  function touched(button, event) {
    const box = button.getBoundingClientRect(), quarters = Number(button.dataset.quarters);
    if (!quarters || !event.detail || !box.width) return button.value;
    const [machine, start, end] = button.value.split("|");
    const length = Date.parse(end) - Date.parse(start), whole = quarters * QUARTER_MS;
    const steps = Math.floor((event.clientX - box.left) / box.width * quarters / STEPS_PER_START) * STEPS_PER_START;
    const later = Math.max(0, Math.min(steps * QUARTER_MS, whole - length));
    const moved = (instant) => new Date(Date.parse(instant) + later).toISOString().slice(0, 16) + "Z";
    return [machine, moved(start), moved(end)].join("|");
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  }

  // While the length counts, the fields of the end show where it leads, by the clock.
  function showEnd() {
    const field = (name) => form.elements[name];
    const start = Date.parse(field("date").value + "T" + field("time").value + "Z");
    const minutes = Number(field("hours").value) * 60 + Number(field("minutes").value);
    if (field("until").value !== "length" || !(minutes > 0) || Number.isNaN(start)) return;
    const end = new Date(start + minutes * 60000);
    if (Number.isNaN(end.getTime())) return;
    const words = end.toISOString();
    if (words.length !== 24) return; // a year beyond 9999
    field("end_date").value = words.slice(0, 10);
    field("end_time").value = words.slice(11, 16);
    field("end_date").dispatchEvent(new Event("change"));
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=pick]");
    if (!button || !form.classList.contains("is-live")) return;
    event.preventDefault();
    ask(touched(button, event), button.dataset.key);
  });
  form.addEventListener("input", (event) => {
    const name = event.target.name;
    if (NOT_ASKED.includes(name)) return;
    const until = { hours: "length", minutes: "length", end_date: "end", end_time: "end" }[name];
    if (until) form.querySelector(`input[name=until][value=${until}]`).checked = true;
    showEnd();
    soon();
  });
  form.querySelector("[name=machine]")?.addEventListener("change", () => { // another machine has other rules
    const values = wish();
    if (values.get("time")) form.requestSubmit(form.querySelector("button[name=check]")); // keeps all that was typed
    else location.assign(location.pathname + "?machine=" + encodeURIComponent(values.get("machine")));
  });
  showEnd();
  if (!document.getElementById("check").childElementCount) soon();
})();
