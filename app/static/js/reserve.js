// The form answers while it is being filled in. Without this script the button "Check first" does the same.
(function () {
  "use strict";
  const form = document.querySelector("form.reserve");
  if (!form) return;
  const place = document.getElementById("check");
  const PAUSE_MS = 350;
  const NOT_ASKED = ["csrf_token", "form_key", "purpose", "revision", "overrule_reason", "q", "found_for"];
  const button = form.querySelector("button[name=check]");
  const brief = form.querySelector(".check-brief"); // beside the button on a phone, where the whole answer is out of sight
  let timer = 0, latest = 0;
  if (button) button.hidden = true;

  function wish() {
    const values = new URLSearchParams(new FormData(form));
    NOT_ASKED.forEach((name) => values.delete(name));
    return values;
  }

  async function ask() {
    latest += 1;
    const mine = latest;
    const values = wish();
    if (!values.get("date") || !values.get("time")) return;
    try {
      const answer = await fetch(form.dataset.check + "?" + values, { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected && mine === latest) {
        place.innerHTML = await answer.text();
        sayBriefly();
      }
    } catch {
      if (button) button.hidden = false; // no network: the button still sends the whole form
    }
  }

  function sayBriefly() {
    const check = place.querySelector(".check");
    brief.textContent = check ? check.dataset.brief : "";
    brief.classList.toggle("is-refused", Boolean(check && check.classList.contains("check-refused")));
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
    if (values.get("time") && button) form.requestSubmit(button); // keeps all that was typed
    else location.assign(location.pathname + "?machine=" + encodeURIComponent(values.get("machine")));
  });
  showEnd();
  sayBriefly();
  if (!place.childElementCount) soon();
})();
