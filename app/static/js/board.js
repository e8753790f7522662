// The plan board with mouse and keys: choose a span of free time, then the form opens with start and end; or move a block
// of one's own. Without this script every free stretch is still a link that fills in the start, and a block leads to its
// reservation, which can be moved there.
(function () {
  "use strict";
  const table = document.querySelector(".board table");
  if (!table) return;
  let edge = 0;
  const bounds = table.dataset.bounds.split(",").map((part) => part.split("*")).flatMap(([length, count]) => Array.from({ length: count || 1 }, () => (edge += Number(length)))); // edges of the columns, minutes since 1970
  const says = document.getElementById("board-says");
  const words = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "short", day: "numeric", month: "long", hour: "numeric", minute: "2-digit", hourCycle: "h23",
    timeZone: table.dataset.zone,
  });
  const DRAG_PX = 6, PRICE_MS = 150, USUAL_MIN = 30; // step and shortest length of a row that does not say otherwise
  const shade = document.createElement("div");
  shade.className = "board-choice";
  shade.hidden = true;
  const label = document.createElement("span");
  shade.append(label);
  table.parentElement.append(shade);
  const mover = document.getElementById("board-move"); // the form that moves a block, for who may
  const prices = new Map();
  let asking = 0;
  let choice = null; // {row, low, high, from, until}: minutes; low and high are the edges of the free stretch; was: of a block
  let drag = null;

  const isFree = (cell) => Boolean(cell && cell.querySelector("a[href*='start=']"));
  const isOwn = (cell) => Boolean(mover && cell && cell.querySelector("a[data-at]"));
  const startOf = (link) => Date.parse(new URL(link.href).searchParams.get("start")) / 60000;
  const written = (minute) => new Date(minute * 60000).toISOString().slice(0, 16) + "Z";

  function placesOf(row) { // the cells of a row with their columns
    let column = 0;
    return Array.from(row.cells).slice(1).map((cell) => {
      const first = column;
      column += cell.colSpan;
      return { cell, first, last: column };
    });
  }

  function stretchAround(cell) { // the free stretch of which a cell is a part: minutes it begins and ends
    const places = placesOf(cell.parentElement);
    const here = places.findIndex((place) => place.cell === cell);
    let first = here, last = here;
    while (first > 0 && isFree(places[first - 1].cell)) first -= 1;
    while (last + 1 < places.length && isFree(places[last + 1].cell)) last += 1;
    return { low: startOf(places[first].cell.querySelector("a")), high: bounds[places[last].last] };
  }

  function xOf(minute) { // where a minute lies, from 0 to 1
    let right = bounds.findIndex((bound) => bound >= minute);
    if (right <= 0) return right < 0 ? 1 : 0;
    const inside = (minute - bounds[right - 1]) / (bounds[right] - bounds[right - 1]);
    return (right - 1 + inside) / (bounds.length - 1);
  }

  function minuteAt(clientX) {
    const names = table.rows[0].cells[0].offsetWidth;
    const box = table.getBoundingClientRect();
    const share = Math.min(Math.max((clientX - box.left - names) / (box.width - names), 0), 0.99999);
    const column = share * (bounds.length - 1);
    const left = Math.floor(column);
    return bounds[left] + (column - left) * (bounds[left + 1] - bounds[left]);
  }

  function show() {
    shade.hidden = !choice;
    if (!choice) { says.textContent = ""; return; }
    const names = table.rows[0].cells[0].offsetWidth;
    const width = table.offsetWidth - names;
    const until = choice.until || choice.from + choice.step;
    const row = choice.row.getBoundingClientRect(), inner = table.parentElement.getBoundingClientRect();
    shade.style.left = names + width * xOf(choice.from) + "px";
    shade.style.width = Math.max(width * (xOf(until) - xOf(choice.from)), 6) + "px";
    shade.style.top = row.top - inner.top + "px";
    shade.style.height = row.height + "px";
    const from = new Date(choice.from * 60000);
    const range = choice.until ? words.formatRange(from, new Date(choice.until * 60000)) : words.format(from);
    const time = range.replace(/\b0(\d:)/g, "$1"); // 7:30, as everywhere else
    const text = table.dataset.chosen.replace("{time}", time);
    label.textContent = time;
    if (choice.until) addPrice(time, text); else says.textContent = text;
  }

  async function addPrice(time, text) { // how long, and what it would cost: asked once the choice has settled
    const query = new URLSearchParams({ machine: choice.row.dataset.machine, ...(choice.id && { of: choice.id }), start: written(choice.from), end: written(choice.until) }).toString();
    const tell = () => {
      label.textContent = [time, prices.get(query)].filter(Boolean).join(" · ");
      says.textContent = [text, prices.get(query)].filter(Boolean).join(", ");
    };
    clearTimeout(asking);
    if (prices.has(query)) { tell(); return; }
    const chosen = choice;
    asking = setTimeout(async () => {
      const answer = await fetch(`${table.dataset.price}?${query}`).catch(() => null);
      prices.set(query, answer && answer.ok && !answer.redirected ? await answer.text() : "");
      if (choice === chosen && query.includes(encodeURIComponent(written(choice.from))) && query.endsWith(encodeURIComponent(written(choice.until)))) tell();
    }, PRICE_MS);
  }

  function beginMove(cell) {
    const link = cell.querySelector("a[data-at]");
    const [from, until] = link.dataset.at.split("-").map(Number);
    const step = Math.min(Number(cell.parentElement.dataset.step || USUAL_MIN), 60);
    choice = { row: cell.parentElement, cell, low: bounds[0], high: bounds[bounds.length - 1], from, until, was: from, length: until - from, step, id: new URL(link.href).pathname.split("/").pop() };
  }

  function moveTo(from) {
    const last = choice.high - choice.length;
    choice.from = Math.min(Math.max(choice.was + Math.round((from - choice.was) / choice.step) * choice.step, choice.low), last);
    choice.until = choice.from + choice.length;
    show();
  }

  function begin(cell) {
    const row = cell.parentElement;
    const from = startOf(cell.querySelector("a"));
    const length = Number(row.dataset.step || USUAL_MIN);
    choice = { row, cell, ...stretchAround(cell), from, until: 0, step: Math.min(length, 60), length, shortest: Number(row.dataset.shortest || USUAL_MIN) };
  }

  const snapped = (minute) => choice.low + Math.floor((minute - choice.low) / choice.step) * choice.step;

  function go() {
    if (choice.was !== undefined) {
      if (choice.from === choice.was) { leave(); return; }
      const fields = { was: written(choice.was), start: written(choice.from), end: written(choice.until), back: location.pathname + location.search };
      for (const [name, value] of Object.entries(fields)) { // a move that was stopped has left its fields
        const field = mover.elements[name] || mover.appendChild(document.createElement("input"));
        Object.assign(field, { type: "hidden", name, value });
      }
      mover.action = mover.dataset.action + choice.id;
      mover.submit();
      return;
    }
    const address = new URL(table.dataset.new, location.href);
    address.searchParams.set("machine", choice.row.dataset.machine);
    address.searchParams.set("start", written(choice.from));
    if (choice.until) address.searchParams.set("end", written(choice.until));
    location.assign(address);
  }

  function leave() { choice = null; drag = null; show(); }

  // Mouse and pen. A finger scrolls; it taps the link.
  table.addEventListener("dragstart", (event) => event.preventDefault());
  table.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest("td");
    if (event.button !== 0 || event.pointerType === "touch" || !(isFree(cell) || isOwn(cell))) return;
    drag = { cell, x: event.clientX, isMoving: false };
  });
  window.addEventListener("pointermove", (event) => {
    if (!drag || (!drag.isMoving && Math.abs(event.clientX - drag.x) < DRAG_PX)) return;
    if (!drag.isMoving) {
      document.activeElement.blur();
      if (isOwn(drag.cell)) { beginMove(drag.cell); drag.anchor = minuteAt(drag.x) - choice.from; } else { begin(drag.cell); drag.anchor = snapped(minuteAt(drag.x)); }
      drag.isMoving = true;
    }
    event.preventDefault();
    if (choice.was !== undefined) { moveTo(minuteAt(event.clientX) - drag.anchor); return; }
    const here = snapped(minuteAt(event.clientX));
    const clamp = (minute) => Math.min(Math.max(minute, choice.low), choice.high);
    choice.from = clamp(Math.min(drag.anchor, here));
    choice.until = clamp(Math.max(drag.anchor, here) + choice.step);
    show();
  });
  window.addEventListener("pointerup", () => {
    const wasMoving = drag && drag.isMoving;
    drag = null;
    if (!wasMoving) return;
    table.addEventListener("click", (event) => event.preventDefault(), { capture: true, once: true });
    if (choice && choice.until > choice.from) go();
  });

  // Keys
  function focusNext(link, backwards) {
    const links = Array.from(link.closest("tr").querySelectorAll("td a"));
    const next = links[links.indexOf(link) + (backwards ? -1 : 1)];
    if (next) next.focus();
  }

  function focusRow(link, backwards) {
    const middle = link.getBoundingClientRect().left;
    let row = link.closest("tr");
    const rows = Array.from(table.querySelectorAll("tr[data-machine]"));
    for (let at = rows.indexOf(row) + (backwards ? -1 : 1); rows[at]; at += backwards ? -1 : 1) {
      const links = Array.from(rows[at].querySelectorAll("td a"));
      if (!links.length) continue;
      const away = (other) => Math.abs(other.getBoundingClientRect().left - middle);
      links.reduce((best, other) => (away(other) < away(best) ? other : best)).focus();
      return;
    }
  }

  function step(link, backwards) {
    const cell = link.closest("td");
    if (!isFree(cell)) { focusNext(link, backwards); return; }
    if (!choice || choice.cell !== cell) begin(cell);
    const place = placesOf(choice.row).find((other) => other.cell === cell);
    const from = choice.from + (backwards ? -choice.step : choice.step);
    if (from < startOf(link) || from >= bounds[place.last]) { leave(); focusNext(link, backwards); return; }
    choice.from = from;
    choice.until = 0;
    show();
  }

  function extend(link, backwards) {
    const cell = link.closest("td");
    if (isOwn(cell)) {
      if (!choice || choice.cell !== cell) beginMove(cell);
      moveTo(choice.from + (backwards ? -choice.step : choice.step));
      return;
    }
    if (!isFree(cell)) return;
    if (!choice || choice.cell !== cell) begin(cell);
    const least = Math.ceil(choice.shortest / choice.length) * choice.length;
    const length = choice.until ? choice.until - choice.from + (backwards ? -choice.length : choice.length) : least;
    const fits = choice.from + length <= choice.high;
    if (fits) choice.until = length < least ? 0 : choice.from + length;
    show();
  }

  table.addEventListener("keydown", (event) => {
    const link = event.target.closest("td a");
    if (!link || event.ctrlKey || event.altKey || event.metaKey) return;
    const isSideways = event.key === "ArrowLeft" || event.key === "ArrowRight";
    const backwards = event.key === "ArrowLeft" || event.key === "ArrowUp";
    if (isSideways && event.shiftKey) extend(link, backwards);
    else if (isSideways) step(link, backwards);
    else if (event.key === "ArrowUp" || event.key === "ArrowDown") { leave(); focusRow(link, backwards); }
    else if (event.key === "Enter" && choice) go();
    else if (event.key === "Escape") { if (choice) leave(); else document.querySelector(".board").focus(); }
    else return;
    event.preventDefault();
  });
  table.addEventListener("focusout", () => { if (!drag) leave(); });
})();
