// The page of a task asks how far it is and shows the answer in place of its card. Without a script it loads itself anew.
(function () {
  "use strict";
  const EVERY = 1000;
  async function look() {
    const card = document.getElementById("task");
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected || !answer.ok) { location.replace(answer.url); return; }
      const shown = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("task");
      if (!shown || !("open" in shown.dataset)) { location.reload(); return; }
      card.replaceChildren(...shown.childNodes);
    } catch { /* no connection: the next look may find one */ }
    setTimeout(look, EVERY);
  }
  setTimeout(look, EVERY);
})();
