import { copyLink, download } from "./handing_over.js";
import { redraw } from "./redraw.js";
import { addedTrial, defaultState, wholeNumber } from "./state.js";
import { comparisonOf, evaluate, sharesPatients } from "./verdict.js";
import { explorerHtml, keptCsv, keptHtml, partsHtml, resultCsv, verdictHtml } from "./view.js";

// Wires one explorer to one store: what a reader does becomes a new state, a new state is drawn.
// The same code runs in the static page (the store is the page's, mirrored in its address)
// and in JupyterLab (the store is the widget's model, shared with Python).

/**
 * Draw an explorer into an element and keep it up to date.
 * @param {HTMLElement} el @param {object} data the payload that Python wrote @param {object} store
 * @param {{key: string, initial: string, href: ((state: object) => string) | null, onResult?: (result: object) => void}} how
 *   href makes the link of a state; null where there is no address to share
 * @returns {() => void} stops it
 */
export function mount(el, data, store, how) {
  const { key, initial, href, onResult } = how;
  const kept = [];
  let result = null;
  let verdict = "";

  const part = (name) => el.querySelector(`.cx-${name}`);

  function draw(state) {
    const first = result === null;
    result = evaluate(data, state);
    if (first) {
      el.innerHTML = explorerHtml(data, state, result, key);
      el.classList.add("cx-live");
      if (!href) el.querySelector('[data-tool="link"]').remove();
    } else {
      // Written only when it changed, and as a whole: a live region reads out what is written.
      if (verdict !== verdictHtml(result)) part("verdict").innerHTML = verdictHtml(result);
      for (const [name, html] of Object.entries(partsHtml(data, state, result, key))) redraw(part(name), html);
    }
    verdict = verdictHtml(result);
    onResult?.(result);
  }

  function notice(text) {
    part("notice").textContent = text;
  }

  function change(patch) {
    notice("");
    store.set({ ...store.get(), ...patch });
  }

  function toggleTrial(id, ticked) {
    const state = store.get();
    const { trials } = comparisonOf(data, state.comparison);
    const chosen = trials.find((trial) => trial.id === id);
    let kept = state.trials.filter((each) => each !== id);
    if (ticked && state.options.overlap === "exclusive") {
      const shared = trials.filter((trial) => kept.includes(trial.id) && sharesPatients(trial, chosen));
      kept = kept.filter((each) => !shared.some((trial) => trial.id === each));
      change({ trials: [...kept, id] });
      if (shared.length) notice(`${shared.map((trial) => trial.name).join(", ")} shares patients with ${chosen.name} and was unticked.`);
      return;
    }
    change({ trials: ticked ? [...kept, id] : kept });
  }

  function choose(name, value) {
    const state = store.get();
    if (name === "comparison") {
      const next = defaultState(data, value);
      const reading = state.options.reading in comparisonOf(data, value).readings ? state.options.reading : "printed";
      change({ ...next, options: { ...state.options, reading } });
      return;
    }
    change({ options: { ...state.options, [name]: value }, ...(name === "reading" ? { readings: {} } : {}) });
  }

  function chooseNumber(input) {
    const name = input.dataset.choice;
    const [low, high] = data.limits[name];
    const isShare = name === "attrition";
    const typed = input.value.trim() === "" ? NaN : Number(input.value);
    const value = isShare ? typed / 100 : typed;
    if (!(value >= low && value <= high) || (isShare && !Number.isInteger(typed))) {
      input.setAttribute("aria-invalid", "true");
      notice(isShare ? `The share never infused must be a whole number from 0 to ${100 * high} %.` : `Assumed bias must be an odds ratio from ${low} to ${high}.`);
      return;
    }
    choose(name, value);
  }

  function onChange({ target }) {
    if (target.dataset.trial) toggleTrial(target.dataset.trial, target.checked);
    else if (target.dataset.reading) change({ readings: { ...store.get().readings, [target.dataset.reading]: target.value } });
    else if (target.type === "number" && target.dataset.choice) chooseNumber(target);
    else if (target.dataset.choice) choose(target.dataset.choice, target.value);
  }

  function onClick({ target }) {
    const button = target.closest("button");
    if (!button) return;
    const { tool, remove, drop } = button.dataset;
    const state = store.get();
    if (tool === "reset") change(defaultState(data, initial));
    if (tool === "link") copyLink(href(state), notice, part("notice"));
    if (tool === "csv") download("carbite-comparison.csv", resultCsv(data, state, result));
    if (tool === "csv-kept") download("carbite-scenarios.csv", keptCsv(kept));
    if (tool === "keep") {
      kept.push({ name: `Scenario ${(kept.at(-1)?.number ?? 0) + 1}`, number: (kept.at(-1)?.number ?? 0) + 1, href: href ? href(state) : "", result });
      drawKept();
      notice(`${kept.at(-1).name} is kept below.`);
    }
    if (remove !== undefined) {
      change({ added: state.added.filter((trial) => trial.name !== remove) });
      el.querySelector(".cx-add summary").focus();
    }
    if (drop !== undefined) {
      kept.splice(Number(drop), 1);
      drawKept();
      el.querySelector('[data-tool="keep"]').focus();
    }
  }

  function drawKept() {
    part("kept").hidden = kept.length === 0;
    part("kept").innerHTML = kept.length ? keptHtml(data, kept) : "";
  }

  function onSubmit(event) {
    event.preventDefault();
    const form = event.target;
    if (!form.closest(".cx-add")) return;
    const error = form.querySelector(".cx-error");
    const state = store.get();
    try {
      const { name, arm, events, n } = Object.fromEntries(new FormData(form));
      const trial = addedTrial(data, state, name, arm, wholeNumber(events), wholeNumber(n));
      error.textContent = "";
      form.reset();
      change({ added: [...state.added, trial] });
    } catch (problem) {
      error.textContent = problem.message;
    }
  }

  el.addEventListener("change", onChange);
  el.addEventListener("click", onClick);
  el.addEventListener("submit", onSubmit);
  const unwatch = store.watch(draw);
  draw(store.get());
  return () => {
    unwatch();
    el.removeEventListener("change", onChange);
    el.removeEventListener("click", onClick);
    el.removeEventListener("submit", onSubmit);
  };
}
