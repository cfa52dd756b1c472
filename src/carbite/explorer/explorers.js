import { mount } from "./explorer.js";
import { showLive } from "./live_text.js";
import { noPredictions } from "./predictions.js";
import { started } from "./start.js";
import { defaultState, isStateKey, sameState, stateOf, stateParts } from "./state.js";
import { createStore } from "./store.js";

/**
 * All explorers of a static page, which have one state: a list of one Share (address.js), or of none. predicted keeps
 * what a reader predicted.
 */
export function explorerShares(predicted) {
  const places = [...document.querySelectorAll(".carbite-explorer")];
  if (!places.length) return [];
  const share = started(places, ".cx-notice", () => explorerShare(places, predicted));
  return share ? [share] : [];
}

function explorerShare(places, predicted) {
  const data = JSON.parse(document.querySelector("script.carbite-data").textContent);
  const initial = places[0].dataset.comparison;
  const published = defaultState(data, initial);
  const store = createStore(published);
  // No explorer shows what another one asks for.
  const predictor = createStore(noPredictions());
  // Looked for once: a chapter is long, and its prose stays as it is.
  const live = [...document.querySelectorAll("[data-live]")];
  return {
    place: places[0],
    owns: isStateKey,
    open(parts) {
      const state = parts.length ? stateOf(data, parts) : published;
      if (!sameState(state, store.get())) store.set(state);
    },
    parts: () => (sameState(store.get(), published) ? [] : stateParts(data, store.get())),
    mount(link) {
      const href = (state) => link(stateParts(data, state));
      const starts = places.map((el, position) => started([el], ".cx-notice", () => mount(el, data, store, {
        key: `cx${position + 1}`, initial, href, predictor, predicted, onResult: position === 0 ? (result) => showLiveNumbers(live, result) : undefined,
      })));
      return starts.some(Boolean);
    },
    say(problem) {
      const text = problem && `This link could not be read: ${problem}. You see the published comparison.`;
      for (const el of places) el.querySelector(".cx-notice").textContent = text;
    },
    watch: store.watch,
  };
}

/** Numbers in the prose that follow the explorer; those that differ from the printed default are marked. */
function showLiveNumbers(numbers, result) {
  for (const el of numbers) {
    const value = result.text[el.dataset.live];
    showLive(el, /\d/.test(value) ? value + el.dataset.unit : value);
  }
}
