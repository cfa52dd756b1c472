/** Write a number in the prose anew; while it differs from the printed default it is marked. */
export function showLive(el, text) {
  el.dataset.default ??= el.textContent;
  el.textContent = text;
  el.classList.toggle("live-changed", text !== el.dataset.default);
}
