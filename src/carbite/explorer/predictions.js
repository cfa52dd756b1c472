import { sameState } from "./state.js";
import { csvText, escapeHtml, fill, lowerFirst } from "./text.js";
import { comparisonOf } from "./verdict.js";
import { sentenceHtml } from "./view.js";

// Predict, then see: a reader says which verdict is to come before it is shown. Off until asked for, and kept in this
// page alone: a link never hides what its sender saw.

const OUT_OF_SIGHT = "hidden";
const LEFT_IN_SIGHT = ["label", "car_t.k", "car_t.trials", "bispecific.k", "bispecific.trials", "method", "reading"];

/** Nothing asked, nothing answered. answer is the last one: {state, expected}. */
export function noPredictions() {
  return { on: false, answer: null, list: [] };
}

/** Whether the verdict on this state waits for an answer. */
export function isAsked({ on, answer }, state) {
  return on && !(answer && sameState(answer.state, state));
}

/** Take an answer down. */
export function withAnswer(predictions, state, expected, result, link) {
  return { ...predictions, answer: { state, expected }, list: [...predictions.list, { expected, result, link }] };
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
  return `<fieldset><legend>Your prediction</legend>${choices.join("")}</fieldset><button type="submit">Show the verdict</button>`;
}

/** What was predicted so far. */
export function predictionsHtml(data, list) {
  const right = list.filter(({ expected, result }) => expected === result.verdict).length;
  const rows = list.map(({ expected, result }, position) => {
    const { verdict, text } = result;
    const comparison = comparisonOf(data, result.comparison);
    return `<tr><th scope="row">${position + 1}</th><td>${escapeHtml(text.label)}</td><td>${text["car_t.k"]} v ${text["bispecific.k"]}</td><td>${escapeHtml(text.method)}; ${escapeHtml(text.reading)}</td><td>${sentenceHtml(shortVerdict(data.wording, comparison, expected))}</td><td>${sentenceHtml(text.verdict)}</td><td>${expected === verdict ? "yes" : "no"}</td></tr>`;
  });
  return `<table><caption>Your predictions (until this page is closed): ${right} of ${list.length} came true</caption><thead><tr><th scope="col">No.</th><th scope="col">Endpoint</th><th scope="col">Trials, CAR T v other arm</th><th scope="col">Method and count</th><th scope="col">You expected</th><th scope="col">Verdict</th><th scope="col">Came true</th></tr></thead><tbody>${rows.join("")}</tbody></table>
<p class="cx-control"><button type="button" data-tool="csv-predictions">Download predictions as CSV</button></p>`;
}

/** The same as CSV, a row each. */
export function predictionsCsv(data, list) {
  const lines = [["prediction", "endpoint", "car_t_trials", "bispecific_trials", "method", "count", "expected", "verdict", "came_true", "odds_ratio", "ci_low", "ci_high", "link"]];
  list.forEach(({ expected, result, link }, position) => {
    const { ratio, text, verdict } = result;
    const comparison = comparisonOf(data, result.comparison);
    lines.push([position + 1, text.label, text["car_t.k"], text["bispecific.k"], text.method, text.reading, shortVerdict(data.wording, comparison, expected), text.verdict, expected === verdict ? "yes" : "no", ratio && ratio.odds_ratio, ratio && ratio.ci_low, ratio && ratio.ci_high, link]);
  });
  return csvText(lines);
}

function shortVerdict(words, comparison, verdict) {
  return fill(words.short[verdict], { bi: comparison.bispecific_name });
}
