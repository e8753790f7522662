// A small card beside what is pointed at, touched or focused on the plan board: who or why, when, and what can be done.
// Without this script the style sheet shows the same words in the cell, and the links lead to the reservation.
(function () {
  "use strict";
  const board = document.querySelector(".board");
  const table = board && board.querySelector("table");
  if (!table) return;
  const WAIT_MS = 250, NAMES_PX = 196;
  let edge = 0;
  const bounds = table.dataset.bounds.split(",").map((part) => part.split("*")).flatMap(([length, count]) => Array.from({ length: count || 1 }, () => (edge += Number(length)))); // edges of the columns, minutes since 1970
  const days = new Intl.DateTimeFormat(document.documentElement.lang, {
    weekday: "long", day: "numeric", month: "long", timeZone: table.dataset.zone,
  });
  const inner = table.parentElement;
  const card = document.createElement("div");
  card.className = "board-card";
  card.hidden = true;
  inner.append(card);
  board.classList.add("has-card");
  const filled = new Map();
  let timer = 0, shown = null;

  function textOf(cell) { // what the cell says, the parts that only readers hear included
    const parts = cell.firstElementChild ? cell.firstElementChild.childNodes : cell.childNodes;
    return Array.from(parts, (part) => part.textContent.trim()).filter(Boolean).join(" ");
  }

  function firstMinute(cell) {
    let column = 0;
    for (let other = cell.previousElementSibling; other.localName === "td"; other = other.previousElementSibling) column += other.colSpan;
    return bounds[column];
  }

  function hide() { clearTimeout(timer); card.hidden = true; shown = null; }
  const hideSoon = () => { clearTimeout(timer); timer = setTimeout(() => { if (!card.contains(document.activeElement)) hide(); }, WAIT_MS); };

  function link(href, text) {
    const made = document.createElement("a");
    made.className = "btn btn-line btn-s";
    made.href = href;
    made.textContent = text;
    return made;
  }

  function show(cell) {
    const text = textOf(cell);
    if (!text || !cell.className) { hide(); return; }
    const title = document.createElement("b"), day = document.createElement("span");
    title.dir = "auto";
    title.textContent = text;
    day.textContent = days.format(new Date(firstMinute(cell) * 60000));
    card.replaceChildren(title, day);
    const address = cell.querySelector("a[href*='/reservations/']:not([href*='start='])"), silent = cell.querySelector("i[data-r]");
    if (silent) fillIn(cell, silent.dataset.r);
    if (address) {
      const line = document.createElement("div");
      line.className = "line";
      line.append(link(address.href, table.dataset.open));
      card.append(line);
      fillIn(cell, new URL(address.href).pathname.split("/").pop());
    }
    card.hidden = false;
    shown = cell;
    place(cell);
  }

  async function fillIn(cell, id) { // with phone and buttons, as far as the reader may
    if (!filled.has(id)) {
      const back = encodeURIComponent(location.pathname + location.search);
      const answer = await fetch(`${table.dataset.card}${id}?back=${back}`).catch(() => null);
      if (!answer || !answer.ok || answer.redirected) return;
      filled.set(id, await answer.text());
    }
    if (shown !== cell || card.contains(document.activeElement)) return;
    card.innerHTML = filled.get(id);
    place(cell);
  }

  function place(cell) { // under the cell, or above it where there is no room, always inside the board
    const box = cell.getBoundingClientRect(), all = inner.getBoundingClientRect(), seen = board.getBoundingClientRect();
    const left = Math.min(Math.max(box.left, seen.left + NAMES_PX), seen.right - card.offsetWidth - 8) - all.left;
    const isLow = box.bottom + card.offsetHeight + 4 > seen.bottom && box.top - card.offsetHeight - 4 > seen.top;
    card.style.left = left + "px";
    card.style.top = (isLow ? box.top - card.offsetHeight - 4 : box.bottom + 2) - all.top + "px";
  }

  const cellOf = (event) => event.target.closest("tr[data-machine] td");
  table.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse" || event.buttons) return;
    const cell = cellOf(event);
    clearTimeout(timer);
    if (card.contains(document.activeElement)) return;
    if (cell && cell !== shown) timer = setTimeout(() => show(cell), WAIT_MS);
  });
  inner.addEventListener("pointerleave", hideSoon);
  card.addEventListener("pointerenter", () => clearTimeout(timer));
  table.addEventListener("pointerdown", (event) => { if (event.pointerType === "mouse") hide(); });
  table.addEventListener("click", (event) => {
    const cell = cellOf(event);
    if (cell && !event.target.closest("a")) show(cell);
  });
  table.addEventListener("focusin", (event) => {
    const cell = cellOf(event);
    if (cell) show(cell); else hide();
  });
  board.addEventListener("focusout", (event) => { if (!board.contains(event.relatedTarget)) hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // On a tablet the board is wider than the window: it begins at the present moment.
  const line = board.querySelector(".board-now line");
  if (line && board.scrollWidth > board.clientWidth) {
    const share = parseFloat(line.getAttribute("x1")) / 100;
    board.scrollLeft = share * (inner.offsetWidth - NAMES_PX) - 48;
  }
})();
