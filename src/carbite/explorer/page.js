import { createStore, mount } from "./explorer.js";
import { defaultState, formatHash, isStateHash, parseHash, sameState } from "./state.js";

// The static page: one state for all its explorers, mirrored in the address.

/** Every explorer of a static page, on one state that is mirrored in the page's address. */
function mountPage() {
  const places = [...document.querySelectorAll(".carbite-explorer")];
  if (!places.length) return;
  const data = JSON.parse(document.querySelector("script.carbite-data").textContent);
  const initial = places[0].dataset.comparison;
  const { state, problem } = readAddress(data, initial);
  const store = createStore(state);
  const published = defaultState(data, initial);
  const page = () => location.href.split("#")[0];
  const href = (next) => page() + formatHash(data, next);

  places.forEach((el, position) => mount(el, data, store, {
    key: `cx${position + 1}`, initial, href, onResult: position === 0 ? (result) => showLiveNumbers(result) : undefined,
  }));
  sayProblem(places, problem);
  // The published comparison leaves the address plain, or with the section anchor that it has.
  const writeAddress = () => {
    if (!sameState(store.get(), published)) history.replaceState(null, "", href(store.get()));
    else if (isStateHash(location.hash)) history.replaceState(null, "", page());
  };
  let due = 0;
  store.watch(() => {
    // After the page: a browser takes longer over its address than the verdict takes, and allows few changes a second.
    clearTimeout(due);
    due = setTimeout(writeAddress);
  });
  window.addEventListener("hashchange", () => {
    // A section anchor changes nothing. Without any, as a reader finds it on the way back, the address is the published comparison's.
    if (location.href.includes("#") && !isStateHash(location.hash)) return;
    const read = readAddress(data, initial);
    if (!sameState(read.state, store.get())) store.set(read.state);
    sayProblem(places, read.problem);
  });
}

function sayProblem(places, problem) {
  const text = problem && `This link could not be read: ${problem}. You see the published comparison.`;
  for (const el of places) el.querySelector(".cx-notice").textContent = text;
}

function readAddress(data, initial) {
  if (!isStateHash(location.hash)) return { state: defaultState(data, initial), problem: "" };
  try {
    return { state: parseHash(data, location.hash), problem: "" };
  } catch (error) {
    return { state: defaultState(data, initial), problem: error.message };
  }
}

/** Numbers in the prose that follow the explorer; those that differ from the printed default are marked. */
function showLiveNumbers(result) {
  for (const el of document.querySelectorAll("[data-live]")) {
    const value = result.text[el.dataset.live];
    const text = /\d/.test(value) ? value + el.dataset.unit : value;
    el.dataset.default ??= el.textContent;
    el.textContent = text;
    el.classList.toggle("live-changed", text !== el.dataset.default);
  }
}

mountPage();
