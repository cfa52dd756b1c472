import { Gosh } from "./gosh.js";
import { goshHtml, goshPlaceholder } from "./gosh_view.js";
import { copyLink, download } from "./handing_over.js";
import { createKept, pageName, predictionsCsv } from "./kept_predictions.js";
import { beforeAnswer, expectHtml, expectedHtml, isAsked, noPredictions, predictionOf, predictionsHtml, questionHtml } from "./predictions.js";
import { redraw } from "./redraw.js";
import { inSlices } from "./slices.js";
import { addedTrial, defaultState, sameState, wholeNumber } from "./state.js";
import { createStore } from "./store.js";
import { comparisonOf, evaluate, sharesPatients } from "./verdict.js";
import { besideHtml, explorerHtml, keptCsv, keptHtml, partsHtml, resultCsv, verdictHtml } from "./view.js";

// Wires one explorer to one store: what a reader does becomes a new state, a new state is drawn.
// The same code runs in the static page (the store is the page's, mirrored in its address)
// and in JupyterLab (the store is the widget's model, shared with Python).

/**
 * Draw an explorer into an element and keep it up to date.
 * @param {HTMLElement} el @param {object} data the payload that Python wrote @param {object} store
 * @param {{key: string, initial: string, href: ((state: object) => string) | null, predictor?: object, predicted?: object,
 *   onResult?: (result: object) => void}} how
 *   href makes the link of a state, null where there is no address to share; predictor is a store of what is asked
 *   now, and predicted keeps what was answered (kept_predictions.js): several explorers share them
 * @returns {() => void} stops it
 */
export function mount(el, data, store, how) {
  const { key, initial, href, onResult, predictor = createStore(noPredictions()), predicted = createKept(null) } = how;
  const here = href ? pageName() : "";
  const kept = [];
  const gosh = new Gosh(data);
  // The site's own script (site/static/book.js) knows how the book is cited.
  const citing = href && window.carbite;
  let result = null;
  let verdict = "";
  let abandon = () => {};

  const part = (name) => el.querySelector(`.cx-${name}`);

  function build(state) {
    // The panel of the published comparison was drawn when the page was built.
    const drawn = sameState(state, defaultState(data, initial)) && part("subsets");
    el.innerHTML = explorerHtml(data, state, result, key, drawn ? drawn.innerHTML : goshPlaceholder("Counting every subset."));
    el.classList.add("cx-live");
    if (!href) el.querySelector('[data-tool="link"]').remove();
    if (!citing) el.querySelector('[data-tool="cite"]').remove();
    verdict = verdictHtml(result);
  }

  function draw(state) {
    const first = result === null;
    result = evaluate(data, state);
    if (first) build(state);
    part("expect").reset();
    show(state);
  }

  /** Draw the result, or what may be seen of it before the reader has said what to expect. */
  function show(state) {
    const predictions = predictor.get();
    const asked = isAsked(predictions, state);
    const comparison = comparisonOf(data, state.comparison);
    const expected = predictions.on && !asked ? expectedHtml(data.wording, comparison, predictions.answer.expected, result) : "";
    const said = asked ? questionHtml() : expected + verdictHtml(result);
    // Written only when it changed, and as a whole: a live region reads out what is written.
    if (verdict !== said) part("verdict").innerHTML = said;
    verdict = said;
    const { effect, caveats, ...choices } = partsHtml(data, state, result, key, asked);
    for (const [name, html] of Object.entries(choices)) redraw(part(name), html);
    redraw(part("expect"), asked ? expectHtml(data.wording, comparison, key) : "");
    part("expect").hidden = !asked;
    el.querySelector("[data-predict]").checked = predictions.on;
    for (const tool of ["keep", "csv", ...(citing ? ["cite"] : [])]) el.querySelector(`[data-tool="${tool}"]`).disabled = asked;
    drawPredictions();
    followUp(state, asked, [
      () => { redraw(part("effect"), effect); redraw(part("caveats"), caveats); },
      () => onResult?.(asked ? beforeAnswer(result) : result),
      () => redraw(part("beside"), asked ? "" : besideHtml(result)),
    ]);
  }

  /** The predictions that were made in the explorer of this page. */
  function predictedHere() {
    return predicted.get().list.filter(({ asked_in: where, link }) => where === "explorer" && link.split("#")[0] === here);
  }

  function drawPredictions() {
    const list = predictedHere();
    const about = { lasting: predicted.lasting(), trouble: predicted.get().trouble, all: href ? "predictions.html" : "" };
    part("predictions").hidden = list.length === 0;
    redraw(part("predictions"), list.length ? predictionsHtml(list, about) : "");
  }

  /** The verdict first: everything else follows in slices. What a change made old is abandoned. */
  function followUp(state, asked, parts) {
    abandon();
    // What a reader has yet to predict must not be seen for a moment longer.
    if (asked) for (const drawPart of parts.splice(0)) drawPart();
    const steps = parts.map((drawPart) => () => { drawPart(); return true; });
    if (!gosh.isOf(result)) {
      gosh.begin(state, result);
      steps.push(() => gosh.advance());
    }
    part("subsets").setAttribute("aria-busy", "true");
    const advance = () => {
      if (steps.length && steps[0]()) steps.shift();
      return steps.length === 0;
    };
    abandon = inSlices(advance, () => {
      part("subsets").setAttribute("aria-busy", "false");
      const comparison = comparisonOf(data, state.comparison);
      redraw(part("subsets"), asked ? goshPlaceholder("Hidden until you have said what you expect.") : goshHtml(data, comparison, state, result, gosh.summary));
    });
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
    if ("predict" in target.dataset) predictor.set({ ...predictor.get(), on: target.checked, answer: null });
    else if (target.dataset.trial) toggleTrial(target.dataset.trial, target.checked);
    else if (target.dataset.reading) change({ readings: { ...store.get().readings, [target.dataset.reading]: target.value } });
    else if (target.type === "number" && target.dataset.choice) chooseNumber(target);
    else if (target.dataset.choice) choose(target.dataset.choice, target.value);
  }

  function onClick({ target }) {
    const button = target.closest("button");
    if (!button) return;
    const { tool, remove, drop, leave } = button.dataset;
    const state = store.get();
    if (tool === "reset") change(defaultState(data, initial));
    if (tool === "link") copyLink(href(state), notice, part("notice"));
    if (tool === "cite") {
      const text = citing.citation(`Explorer: ${result.text.label}, ${result.text.verdict}`, href(state));
      citing.copy(text, "Citation of this state", `Citation copied: ${text}`, part("notice"));
    }
    if (tool === "csv") download("carbite-comparison.csv", resultCsv(data, state, result));
    if (tool === "csv-kept") download("carbite-scenarios.csv", keptCsv(kept));
    if (tool === "csv-predictions") download("carbite-predictions.csv", predictionsCsv(predictedHere()));
    if (tool === "keep") {
      kept.push({ name: `Scenario ${(kept.at(-1)?.number ?? 0) + 1}`, number: (kept.at(-1)?.number ?? 0) + 1, href: href ? href(state) : "", result });
      drawKept();
      notice(`${kept.at(-1).name} is kept below.`);
    }
    if (leave !== undefined) leaveOut(gosh.summary.choices[Number(leave)].trials);
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

  /** Leave trials out: published ones are unticked, added ones removed, and what was not counted for them stays so. */
  function leaveOut(ids) {
    const state = store.get();
    const doubled = result.rows.filter((row) => row.left_out === "overlap").map((row) => row.trial);
    change({
      trials: state.trials.filter((id) => !ids.includes(id) && !doubled.includes(id)),
      added: state.added.filter((trial) => !ids.includes(`added-${trial.name}`)),
    });
    part("verdict").focus();
  }

  function drawKept() {
    part("kept").hidden = kept.length === 0;
    part("kept").innerHTML = kept.length ? keptHtml(data, kept) : "";
  }

  function predict(form) {
    const state = store.get();
    const said = new FormData(form);
    const expected = said.get(`${key}-expected`);
    const link = href ? `${here}#${href(state).split("#")[1] ?? ""}` : "";
    predicted.add(predictionOf(data, result, expected, said.get("sure"), link));
    predictor.set({ ...predictor.get(), answer: { state, expected } });
    part("verdict").focus();
  }

  function onSubmit(event) {
    event.preventDefault();
    const form = event.target;
    if (form.closest(".cx-expect")) predict(form);
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
  const unwatchPredictor = predictor.watch(() => show(store.get()));
  const unwatchPredicted = predicted.watch(drawPredictions);
  draw(store.get());
  return () => {
    abandon();
    unwatch();
    unwatchPredictor();
    unwatchPredicted();
    el.removeEventListener("change", onChange);
    el.removeEventListener("click", onClick);
    el.removeEventListener("submit", onSubmit);
  };
}
