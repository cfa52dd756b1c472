import { cameTrue, countTrue, newPrediction, SURENESS } from "./kept_predictions.js";
import { sameState } from "./state.js";
import { escapeHtml, fill, lowerFirst } from "./text.js";
import { comparisonOf } from "./verdict.js";
import { sentenceHtml } from "./view.js";

// Predict, then see: a reader says which verdict is to come before it is shown. Off until asked for, in each page anew:
// a link never hides what its sender saw.

const OUT_OF_SIGHT = "hidden";
const LEFT_IN_SIGHT = ["label", "car_t.k", "car_t.trials", "bispecific.k", "bispecific.trials", "method", "reading"];

/** Nothing asked, nothing answered. answer is the last one: {state, expected}. */
export function noPredictions() {
  return { on: false, answer: null };
}

/** Whether the verdict on this state waits for an answer. */
export function isAsked({ on, answer }, state) {
  return on && !(answer && sameState(answer.state, state));
}

/** The prediction that a reader has just made on the verdict; link is the address of the state, "" where it has none. */
export function predictionOf(data, result, expected, sure, link) {
  const { ratio, text } = result;
  return newPrediction({
    asked_in: "explorer", question: text.label, basis: `${text["car_t.k"]} v ${text["bispecific.k"]} trials; ${text.method}; ${text.reading}`,
    sure, expected: shortVerdict(data.wording, comparisonOf(data, result.comparison), expected), answer: text.verdict,
    odds_ratio: ratio?.odds_ratio ?? null, ci_low: ratio?.ci_low ?? null, ci_high: ratio?.ci_high ?? null, link,
  });
}

/** What may be seen of a result before the answer: its texts, with the numbers in the prose hidden. */
export function beforeAnswer({ text }) {
  return { text: Object.fromEntries(Object.entries(text).map(([name, value]) => [name, LEFT_IN_SIGHT.includes(name) ? value : OUT_OF_SIGHT])) };
}

/** In place of the verdict. */
export function questionHtml() {
  return '<strong class="cx-side">What do you expect?</strong> The verdict on these trials, and every number that goes into it, is hidden until you answer.';
}

/** Before the verdict, once it is answered. */
export function expectedHtml(words, comparison, expected, result) {
  const said = expected === result.verdict ? "As you expected" : `You expected: ${lowerFirst(shortVerdict(words, comparison, expected))}`;
  return `<span class="cx-expected">${sentenceHtml(said)}.</span> `;
}

/** The choices, by radio buttons: arrows move between them, and nothing is shown before the button. */
export function expectHtml(words, comparison, key) {
  const choices = Object.keys(words.short).map((verdict) => `<label><input type="radio" name="${key}-expected" value="${verdict}" required>${sentenceHtml(shortVerdict(words, comparison, verdict))}</label>`);
  const sure = Object.entries({ "": "not said", ...SURENESS }).map(([value, said]) => `<option value="${value}">${said}</option>`);
  return `<fieldset><legend>Your prediction</legend>${choices.join("")}</fieldset><label class="cx-sure">How sure? <select name="sure" id="${key}-sure">${sure.join("")}</select></label><button type="submit">Show the verdict</button>`;
}

/** What was predicted so far in this explorer. */
export function predictionsHtml(list, { lasting, trouble, all }) {
  const where = lasting ? "kept in this browser" : "until this page is closed";
  const rows = list.map((prediction, position) => {
    const { question, basis, expected, answer } = prediction;
    return `<tr><th scope="row">${position + 1}</th><td>${escapeHtml(question)}</td><td>${escapeHtml(basis)}</td><td>${sentenceHtml(expected)}</td><td>${sentenceHtml(answer)}</td><td>${cameTrue(prediction) ? "yes" : "no"}</td></tr>`;
  });
  const more = all ? `<p><a href="${escapeHtml(all)}">All your predictions</a>${lasting && trouble ? ` ${escapeHtml(trouble)}` : ""}</p>` : "";
  return `<table><caption>Your predictions here (${where}): ${countTrue(list)} of ${list.length} came true</caption><thead><tr><th scope="col">No.</th><th scope="col">Endpoint</th><th scope="col">Trials, CAR T v other arm; method; count</th><th scope="col">You expected</th><th scope="col">Verdict</th><th scope="col">Came true</th></tr></thead><tbody>${rows.join("")}</tbody></table>
${more}<p class="cx-control"><button type="button" data-tool="csv-predictions">Download predictions as CSV</button></p>`;
}

function shortVerdict(words, comparison, verdict) {
  return fill(words.short[verdict], { bi: comparison.bispecific_name });
}
