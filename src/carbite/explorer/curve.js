import { curveCsv, curveDefault, curveHtml, curveParts, curveSummary, lookedAt, shownUniverses } from "./curve_view.js";
import { copyLink, download } from "./handing_over.js";
import { redraw } from "./redraw.js";

// Wires one specification curve to one store: what a reader ticks becomes a new state, a new state is drawn.

/**
 * Draw a specification curve into an element and keep it up to date.
 * @param {HTMLElement} el @param {object} data what Python's Multiverse.payload() wrote @param {object} store of states
 * @param {{key: string, explorer: string, href: ((state: object) => string) | null}} how explorer is the page with the
 *   explorer; href makes the link of a state, null where there is no address to share
 * @returns {() => void} stops it
 */
export function mountCurve(el, data, store, how) {
  const { key, explorer, href } = how;
  const part = (name) => el.querySelector(`.sc-${name}`);
  let summary = "";

  function draw(state) {
    if (!el.classList.contains("sc-live")) {
      el.innerHTML = curveHtml(data, state, key, explorer);
      el.classList.add("sc-live");
      if (!href) el.querySelector('[data-tool="link"]').remove();
    } else {
      for (const [name, html] of Object.entries(curveParts(data, state, key, explorer))) redraw(part(name), html);
      for (const box of el.querySelectorAll("[data-choice]")) box.checked = !state.off.includes(box.dataset.choice);
      // Written only when it changed: a live region reads out what is written.
      const said = curveSummary(data, shownUniverses(data, state));
      if (said !== summary) part("summary").textContent = said;
    }
    summary = curveSummary(data, shownUniverses(data, state));
  }

  function notice(text) {
    part("notice").textContent = text;
  }

  function change(patch) {
    notice("");
    store.set({ ...store.get(), ...patch });
  }

  function onChange({ target }) {
    const { choice } = target.dataset;
    if (!choice) return;
    const off = store.get().off.filter((each) => each !== choice);
    change({ off: target.checked ? off : [...off, choice] });
  }

  function onInput({ target }) {
    if (target.type === "range") change({ at: data.universes.indexOf(shownUniverses(data, store.get())[target.value - 1]) });
  }

  function onClick({ target }) {
    const { tool } = target.closest("button")?.dataset ?? {};
    const state = store.get();
    if (tool === "all") change({ off: [] });
    if (tool === "published") {
      const { at } = curveDefault(data);
      change({ at });
      if (lookedAt(data, { ...state, at }, shownUniverses(data, state)) !== data.universes[at]) notice("The published comparison has a choice that is not ticked; you see the nearest that is shown.");
    }
    if (tool === "link") copyLink(href(state), notice, part("notice"));
    if (tool === "csv") download(`universes-${data.claim}.csv`, curveCsv(data, shownUniverses(data, state)));
  }

  el.addEventListener("change", onChange);
  el.addEventListener("input", onInput);
  el.addEventListener("click", onClick);
  const unwatch = store.watch(draw);
  draw(store.get());
  return () => {
    unwatch();
    el.removeEventListener("change", onChange);
    el.removeEventListener("input", onInput);
    el.removeEventListener("click", onClick);
  };
}
