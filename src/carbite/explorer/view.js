import { exactInterval } from "./distributions.js";
import { csvText, escapeHtml, roundHalfUp } from "./text.js";
import { ARMS, armName, comparisonOf, odds, percent } from "./verdict.js";

// What the explorer shows, as HTML text. The same functions draw the page at build time and in the browser,
// so both look alike and nothing moves when the script takes over. No arithmetic beyond placing marks on an axis.

const RATIO_AXIS = [0.05, 100];
const MARKER = { car_t: "circle", bispecific: "rect" };

/** The whole explorer for one state: verdict, choices, forest table, caveats, the panel on every subset, tools. */
export function explorerHtml(data, state, result, key, panel) {
  const parts = partsHtml(data, state, result, key);
  return `
<div class="cx-head"><p class="cx-verdict" role="status" aria-live="polite" tabindex="-1">${verdictHtml(result)}</p>
<form class="cx-expect cx-control" aria-label="What do you expect?" hidden></form>
<p class="cx-notice" role="alert"></p></div>
<form class="cx-options cx-control" aria-label="Choices for all trials">${parts.options}</form>
<p class="cx-control cx-name"><input type="checkbox" data-predict id="${key}-predict"><label for="${key}-predict">Predict, then see</label></p>
<div class="cx-table"><table class="cx-forest"><caption><small>Claim under test</small><span class="cx-claim">${parts.claim}</span></caption>
<thead><tr><th scope="col">Trial</th><th scope="col">Patients</th><th scope="col">% (95 % interval)</th><th scope="col" class="cx-axis"><span class="cx-scale"><span>0</span><span>50</span><span>100 %</span></span></th></tr></thead>
${ARMS.map((arm) => `<tbody class="cx-trials-${arm}">${parts[`trials-${arm}`]}</tbody>`).join("\n")}
<tfoot class="cx-effect">${parts.effect}</tfoot></table></div>
<div class="cx-beside">${besideHtml(result)}</div>
<ul class="cx-caveats" aria-label="What limits this comparison">${parts.caveats}</ul>
<details class="cx-gosh" open><summary>Every subset of the trials</summary><div class="cx-subsets">${panel}</div></details>
${toolsHtml(key)}
<section class="cx-kept" aria-label="Kept scenarios" hidden></section>
<section class="cx-kept cx-predictions" aria-label="Your predictions" hidden></section>`;
}

/**
 * What a change of state draws anew, by the part of the explorer that it fills (its class without the prefix).
 * What a reader has yet to predict is hidden.
 */
export function partsHtml(data, state, result, key, hidden = false) {
  const comparison = comparisonOf(data, state.comparison);
  return {
    options: optionsHtml(data, comparison, state, key),
    claim: escapeHtml(comparison.statement),
    ...Object.fromEntries(ARMS.map((arm) => [`trials-${arm}`, armHtml(data, comparison, state, result, arm, key, hidden)])),
    effect: differenceHtml(comparison, result, hidden),
    caveats: caveatsHtml(result),
  };
}

/** The verdict in two words, then its sentence. */
export function verdictHtml(result) {
  return `<strong class="cx-side cx-${result.verdict}">${sentenceHtml(result.text.verdict)}.</strong> ${sentenceHtml(result.sentence)}`;
}

/** A sentence as HTML in which no line ends before a % or within CAR T. */
export function sentenceHtml(text) {
  return escapeHtml(text).replaceAll(" %", "\u00a0%").replaceAll("CAR T", "CAR\u00a0T");
}

/** A labelled list of choices. */
function selectHtml(key, name, label, choices, chosen, extra = "") {
  const options = Object.entries(choices).map(
    ([value, text]) => `<option value="${escapeHtml(value)}"${value === chosen ? " selected" : ""}>${escapeHtml(text)}</option>`,
  );
  return `<label class="cx-choice">${escapeHtml(label)}<select data-choice="${name}" id="${key}-${name}"${extra}>${options.join("")}</select></label>`;
}

/** The choices that apply to all trials. */
function optionsHtml(data, comparison, state, key) {
  const { options } = state;
  const endpoints = Object.fromEntries(data.comparisons.map((each) => [each.id, each.label]));
  const [biasLow, biasHigh] = data.limits.bias;
  return [
    selectHtml(key, "comparison", "Endpoint", endpoints, state.comparison),
    selectHtml(key, "reading", "Count patients", comparison.readings, options.reading),
    selectHtml(key, "population", "Trials of", data.rule.population_choices, options.population),
    selectHtml(key, "tau2", "Model", data.rule.tau2_choices, options.tau2),
    selectHtml(key, "interval", "Interval", data.rule.interval_choices, options.interval),
    selectHtml(key, "overlap", "Shared patients", data.rule.overlap_choices, options.overlap),
    `<label class="cx-choice">Assumed bias for CAR T (odds ratio)<input type="number" data-choice="bias" id="${key}-bias" min="${biasLow}" max="${biasHigh}" step="0.1" value="${options.bias}" inputmode="decimal"></label>`,
    `<label class="cx-choice">Assumed never infused, % of CAR T enrolled<input type="number" data-choice="attrition" id="${key}-attrition" min="0" max="${100 * data.limits.attrition[1]}" step="1" value="${Number((100 * options.attrition).toFixed(6))}" inputmode="numeric"${comparison.allows_attrition ? "" : " disabled"}></label>`,
  ].join("");
}

/** An arm of the forest table: one row a trial, then the pooled row. */
function armHtml(data, comparison, state, result, arm, key, hidden) {
  const trials = [...comparison.trials, ...state.added.map((trial) => ({ ...trial, id: `added-${trial.name}`, added: true, counts: {} }))];
  const rows = result.rows
    .map((row) => ({ ...row, about: trials.find((trial) => trial.id === row.trial) }))
    .filter((row) => row.about.arm === arm);
  return `<tr class="cx-arm"><th scope="rowgroup" colspan="4">${escapeHtml(armName(comparison, arm))}</th></tr>
${rows.map((row) => rowHtml(data, comparison, state, row, key)).join("\n")}
${pooledHtml(result, arm, hidden)}`;
}

function rowHtml(data, comparison, state, row, key) {
  const { about } = row;
  const off = row.left_out ? " cx-off" : "";
  const readings = Object.keys(about.counts).length > 1 ? Object.fromEntries(Object.keys(about.counts).map((id) => [id, comparison.readings[id]])) : null;
  const choice = readings
    ? `<select class="cx-control cx-reading" data-reading="${escapeHtml(row.trial)}" aria-label="Count ${escapeHtml(about.name)} by">${Object.entries(readings).map(([id, label]) => `<option value="${escapeHtml(id)}"${id === row.reading ? " selected" : ""}>${escapeHtml(label)}</option>`).join("")}</select>`
    : "";
  const remove = about.added ? `<button type="button" class="cx-control cx-small" data-remove="${escapeHtml(about.name)}">Remove ${escapeHtml(about.name)}</button>` : "";
  const box = about.added ? "" : `<input type="checkbox" class="cx-control" data-trial="${escapeHtml(row.trial)}" id="${key}-${escapeHtml(row.trial)}"${state.trials.includes(row.trial) ? " checked" : ""}${row.events === null ? " disabled" : ""}>`;
  const name = about.added ? `<span>${escapeHtml(about.name)}</span>` : `<label for="${key}-${escapeHtml(row.trial)}">${escapeHtml(about.name)}</label>`;
  return `<tr class="cx-row${off}" data-row="${escapeHtml(row.trial)}"><th scope="row"><span class="cx-name">${box}${name}</span>${choice}${remove}<small class="cx-why">${escapeHtml(whyHtml(data, row))}</small></th>${cellsHtml(about, row)}</tr>`;
}

/** Why a row is left out, or that it keeps the printed count. */
function whyHtml(data, row) {
  if (row.events === null) return data.wording.left_out["no-count"];
  if (row.left_out && row.left_out !== "unticked") return data.wording.left_out[row.left_out];
  return row.fallback && !row.left_out ? "printed denominator kept" : "";
}

function cellsHtml(about, row) {
  if (row.events === null) return `<td>${escapeHtml(about.printed || "no count")}</td><td>–</td><td class="cx-axis"></td>`;
  const [low, high] = exactInterval(row.events, row.n);
  return `<td>${row.events} of ${row.n}</td><td>${roundHalfUp((100 * row.events) / row.n, 0)} <span class="cx-ci">(${roundHalfUp(100 * low, 0)}–${roundHalfUp(100 * high, 0)})</span></td><td class="cx-axis">${barHtml(about.arm, row.events / row.n, low, high, Math.sqrt(row.n))}</td>`;
}

/** A mark on the 0 to 100 % axis: a circle for CAR T, a square for bispecifics, larger for larger trials. */
function barHtml(arm, at, low, high, size) {
  const radius = Math.min(7, 2.5 + size / 4);
  const mark = MARKER[arm] === "circle" ? `<circle r="${radius.toFixed(1)}"/>` : `<rect x="${(-radius).toFixed(1)}" y="${(-radius).toFixed(1)}" width="${(2 * radius).toFixed(1)}" height="${(2 * radius).toFixed(1)}"/>`;
  return `<svg class="cx-bar cx-${arm}" aria-hidden="true"><line x1="${place(low)}" x2="${place(high)}" y1="50%" y2="50%"/><svg x="${place(at)}" y="50%" overflow="visible">${mark}</svg></svg>`;
}

function place(share) {
  return `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
}

function pooledHtml(result, arm, hidden) {
  const pooled = result.arms[arm];
  const { text } = result;
  if (hidden) return `<tr class="cx-pooled"><th scope="row">Pooled, ${escapeHtml(text[`${arm}.trials`])}</th><td>hidden</td><td>hidden</td><td class="cx-axis"></td></tr>`;
  if (!pooled) return `<tr class="cx-pooled"><th scope="row">Pooled</th><td>0 trials</td><td>–</td><td class="cx-axis"></td></tr>`;
  const interval = pooled.ci_low === null ? "no interval" : `${text[`${arm}.low`]}–${text[`${arm}.high`]}`;
  const prediction = pooled.pi_low === null ? "" : `<line class="cx-prediction" x1="${place(pooled.pi_low)}" x2="${place(pooled.pi_high)}" y1="50%" y2="50%"/>`;
  const line = pooled.ci_low === null ? "" : `<line class="cx-wide" x1="${place(pooled.ci_low)}" x2="${place(pooled.ci_high)}" y1="50%" y2="50%"/>`;
  return `<tr class="cx-pooled"><th scope="row">Pooled, ${escapeHtml(text[`${arm}.trials`])}<small>tau² ${escapeHtml(text[`${arm}.tau2`])}, I² ${escapeHtml(text[`${arm}.i2`])} %</small></th><td>${text[`${arm}.events`]} of ${text[`${arm}.n`]}</td><td><strong>${text[`${arm}.percent`]}</strong> <span class="cx-ci">(${interval})</span></td><td class="cx-axis"><svg class="cx-bar cx-${arm}" aria-hidden="true">${prediction}${line}<svg x="${place(pooled.estimate)}" y="50%" overflow="visible"><path d="M-8 0L0-8L8 0L0 8Z"/></svg></svg></td></tr>`;
}

function differenceHtml(comparison, result, hidden) {
  const { text, ratio } = result;
  if (hidden) return `<tr class="cx-difference"><th scope="row">Odds ratio, CAR T v ${escapeHtml(comparison.bispecific_name)}</th><td></td><td>hidden</td><td class="cx-axis"></td></tr>`;
  if (!ratio) return `<tr class="cx-difference"><th scope="row">Odds ratio</th><td></td><td>–</td><td class="cx-axis"></td></tr>`;
  const interval = ratio.ci_low === null ? "no interval" : `${text.ratio_low}–${text.ratio_high}`;
  const line = ratio.ci_low === null ? "" : `<line class="cx-wide" x1="${onRatioAxis(ratio.ci_low)}" x2="${onRatioAxis(ratio.ci_high)}" y1="50%" y2="50%"/>`;
  const [left, right] = comparison.better === "higher" ? [comparison.bispecific_name, "CAR\u00a0T"] : ["CAR\u00a0T", comparison.bispecific_name];
  return `<tr class="cx-difference"><th scope="row">Odds ratio, CAR T v ${escapeHtml(comparison.bispecific_name)}</th><td></td><td><strong>${text.ratio}</strong> <span class="cx-ci">(${interval})</span></td><td class="cx-axis"><svg class="cx-bar" aria-hidden="true"><line class="cx-one" x1="${onRatioAxis(1)}" x2="${onRatioAxis(1)}" y1="0" y2="100%"/>${line}<svg x="${onRatioAxis(ratio.odds_ratio)}" y="50%" overflow="visible"><path d="M-8 0L0-8L8 0L0 8Z"/></svg></svg><span class="cx-ends"><span>better: ${escapeHtml(left)}</span><span>better: ${escapeHtml(right)}</span></span></td></tr>`;
}

function onRatioAxis(ratio) {
  const [low, high] = RATIO_AXIS.map(Math.log);
  return place((Math.log(ratio) - low) / (high - low));
}

/** The z interval and the GLMM, beside the verdict and never instead of it. */
export function besideHtml(result) {
  const said = (ratio) => {
    if (!ratio) return "cannot be fitted";
    return ratio.ci_low === null ? odds(ratio.odds_ratio) : `${odds(ratio.odds_ratio)} (${odds(ratio.ci_low)}–${odds(ratio.ci_high)})`;
  };
  return `<dl><dt>Method</dt><dd>${escapeHtml(result.text.method)}</dd><dt>Same model, z interval</dt><dd>odds ratio ${said(result.ratio_z)}</dd><dt>Binomial-normal model (GLMM)</dt><dd>odds ratio ${said(result.ratio_glmm)}</dd><dt>Prediction interval for a new trial</dt><dd>CAR T ${result.text["car_t.pi_low"]}–${result.text["car_t.pi_high"]} %, other arm ${result.text["bispecific.pi_low"]}–${result.text["bispecific.pi_high"]} %</dd></dl>`;
}

/** The caveats that apply to what is counted now. */
function caveatsHtml(result) {
  return Object.entries(result.caveats).map(([id, text]) => `<li data-caveat="${id}">${sentenceHtml(text)}</li>`).join("");
}

function toolsHtml(key) {
  return `<div class="cx-tools cx-control">
<button type="button" data-tool="reset">Reset to the published comparison</button>
<button type="button" data-tool="link">Copy link to this state</button>
<button type="button" data-tool="cite">Cite this state</button>
<button type="button" data-tool="keep">Keep this scenario</button>
<button type="button" data-tool="csv">Download as CSV</button>
</div>
<details class="cx-add cx-control"><summary>Add a trial</summary><form aria-label="Add a trial">
<label>Name<input name="name" id="${key}-add-name" required maxlength="60" autocomplete="off"></label>
<label>Arm<select name="arm" id="${key}-add-arm"><option value="car_t">CAR T</option><option value="bispecific">Bispecific</option></select></label>
<label>Patients with the event<input name="events" id="${key}-add-events" required inputmode="numeric" autocomplete="off"></label>
<label>Patients in all<input name="n" id="${key}-add-n" required inputmode="numeric" autocomplete="off"></label>
<button type="submit">Add</button><p class="cx-error" role="alert"></p></form></details>`;
}

/** Scenarios that the reader kept, side by side, each with its link. */
export function keptHtml(data, kept) {
  const rows = kept.map(({ name, href, result }, position) => `<tr><th scope="row">${href ? `<a href="${escapeHtml(href)}">${escapeHtml(name)}</a>` : escapeHtml(name)}</th><td>${escapeHtml(result.text.verdict)}</td><td>${escapeHtml(result.text.label)}</td><td>${result.text["car_t.percent"]} (${result.text["car_t.k"]})</td><td>${result.text["bispecific.percent"]} (${result.text["bispecific.k"]})</td><td>${result.text.ratio} (${result.text.ratio_low}–${result.text.ratio_high})</td><td>${escapeHtml(result.text.method)}; ${escapeHtml(result.text.reading)}</td><td class="cx-control"><button type="button" class="cx-small" data-drop="${position}" aria-label="Remove ${escapeHtml(name)}">Remove</button></td></tr>`);
  return `<table><caption>Kept scenarios (until this page is closed)</caption><thead><tr><th scope="col">Scenario</th><th scope="col">Verdict</th><th scope="col">Endpoint</th><th scope="col">CAR T % (trials)</th><th scope="col">Bispecific % (trials)</th><th scope="col">Odds ratio</th><th scope="col">Method and count</th><th scope="col" class="cx-control">Remove</th></tr></thead><tbody>${rows.join("")}</tbody></table>
<p class="cx-control"><button type="button" data-tool="csv-kept">Download kept scenarios as CSV</button></p>`;
}

/** One state as CSV: a row a trial, then the pooled rows and the difference. */
export function resultCsv(data, state, result) {
  const comparison = comparisonOf(data, state.comparison);
  const named = Object.fromEntries([...comparison.trials, ...state.added.map((trial) => ({ ...trial, id: `added-${trial.name}` }))].map((trial) => [trial.id, trial]));
  const lines = [["row", "arm", "name", "counted", "reason", "events", "n", "count", "estimate", "ci_low", "ci_high"]];
  for (const row of result.rows) {
    const limits = row.events === null ? [null, null] : exactInterval(row.events, row.n);
    lines.push(["trial", named[row.trial].arm, named[row.trial].name, row.left_out ? "no" : "yes", row.left_out, row.events, row.n, row.reading, row.events === null ? null : row.events / row.n, ...limits]);
  }
  for (const arm of ARMS) {
    const pooled = result.arms[arm];
    if (pooled) lines.push(["pooled proportion", arm, `${pooled.k} trials`, "yes", "", result.text[`${arm}.events`], result.text[`${arm}.n`], result.text.method, pooled.estimate, pooled.ci_low, pooled.ci_high]);
  }
  if (result.ratio) lines.push(["odds ratio", "", comparison.label, "", result.text.verdict, "", "", result.text.method, result.ratio.odds_ratio, result.ratio.ci_low, result.ratio.ci_high]);
  return csvText(lines);
}

/** Kept scenarios as CSV, a row each. */
export function keptCsv(kept) {
  const lines = [["scenario", "endpoint", "verdict", "car_t_percent", "car_t_trials", "bispecific_percent", "bispecific_trials", "odds_ratio", "ci_low", "ci_high", "method", "count", "link"]];
  for (const { name, href, result } of kept) {
    const { ratio, text } = result;
    lines.push([name, text.label, text.verdict, text["car_t.percent"], text["car_t.k"], text["bispecific.percent"], text["bispecific.k"], ratio && ratio.odds_ratio, ratio && ratio.ci_low, ratio && ratio.ci_high, text.method, text.reading, href]);
  }
  return csvText(lines);
}
