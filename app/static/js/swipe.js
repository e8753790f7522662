// The list of a day on a phone: a swipe to the left shows the day after, one to the right the day before.
// Without this script the buttons above the list do the same. Scrolling up and down stays the browser's.
(function () {
  "use strict";
  const list = document.querySelector(".plan-list[data-after]");
  if (!list) return;
  const FAR_PX = 64, LONG_MS = 700;
  let start = null;

  list.addEventListener("touchstart", (event) => {
    const finger = event.touches[0];
    start = event.touches.length === 1 ? { x: finger.clientX, y: finger.clientY, at: event.timeStamp } : null;
  }, { passive: true });
  list.addEventListener("touchcancel", () => { start = null; }, { passive: true });
  list.addEventListener("touchend", (event) => {
    if (!start) return;
    const finger = event.changedTouches[0];
    const x = finger.clientX - start.x, y = finger.clientY - start.y;
    const isSwipe = Math.abs(x) >= FAR_PX && Math.abs(x) > 2 * Math.abs(y) && event.timeStamp - start.at <= LONG_MS;
    start = null;
    if (isSwipe) location.assign(x < 0 ? list.dataset.after : list.dataset.before);
  }, { passive: true });
})();
