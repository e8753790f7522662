"""What lies over something else on a page: words and controls whose boxes meet, though none is inside the other."""

from __future__ import annotations

# A text counts line by line as far as it is not clipped; a control with its edge. Left out is what lies over others on
# purpose: bars that stay at the edges of the window, and drawings of time, where a name flows on over free time (their
# words are looked at in tests of the plan). A few pixels are the room of accents and descenders between tight lines.
OVERLAPS = """() => {
  const DRAWN = ".board, .month-board, .band, .chart, svg, .vh, .skip, template, option, script, style";
  const CONTROLS = ".btn, button, input, select, textarea, summary.btn, img, .state, .count";
  const [ACROSS, DOWN] = [2, 5];
  const clips = new Map();
  const clipOf = (one) => {
    if (!one || one === document.documentElement) return [-Infinity, -Infinity, Infinity, Infinity];
    if (clips.has(one)) return clips.get(one);
    let [left, top, right, bottom] = clipOf(one.parentElement);
    const style = getComputedStyle(one), box = one.getBoundingClientRect();
    if (style.overflowX !== "visible") [left, right] = [Math.max(left, box.left), Math.min(right, box.right)];
    if (style.overflowY !== "visible") [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
    clips.set(one, [left, top, right, bottom]);
    return clips.get(one);
  };
  const stays = new Map();
  const isBar = (one) => {
    if (!one || one === document.body) return false;
    const stands = /fixed|sticky/.test(getComputedStyle(one).position);
    if (!stays.has(one)) stays.set(one, stands || isBar(one.parentElement));
    return stays.get(one);
  };
  const isSeen = (one) => one.checkVisibility({visibilityProperty: true}) && !one.closest(DRAWN) && !isBar(one);
  const boxes = [];
  const add = (one, box, words) => {
    const [left, top, right, bottom] = clipOf(words ? one : one.parentElement);
    const cut = {left: Math.max(box.left, left), top: Math.max(box.top, top), right: Math.min(box.right, right),
      bottom: Math.min(box.bottom, bottom), one, words};
    if (cut.right - cut.left > ACROSS && cut.bottom - cut.top > DOWN) boxes.push(cut);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode()) {
    const text = walker.currentNode, one = text.parentElement;
    if (!text.data.trim() || !isSeen(one)) continue;
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) add(one, box, text.data.trim().slice(0, 30));
  }
  for (const one of document.querySelectorAll(CONTROLS)) {
    if (!isSeen(one) || one.matches(".cover") || getComputedStyle(one).opacity === "0") continue;
    add(one, one.getBoundingClientRect(), "");
  }
  boxes.sort((a, b) => a.top - b.top);
  const found = new Set();
  boxes.forEach((a, at) => {
    for (let next = at + 1; next < boxes.length && boxes[next].top < a.bottom - DOWN; next++) {
      const b = boxes[next];
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) <= ACROSS) continue;
      if (Math.min(a.bottom, b.bottom) - b.top <= DOWN || a.one.contains(b.one) || b.one.contains(a.one)) continue;
      const name = ({one, words}) => words || `${one.tagName.toLowerCase()}.${one.className}`;
      found.add(`"${name(a)}" meets "${name(b)}"`);
    }
  });
  return [...found].slice(0, 5);
}"""
