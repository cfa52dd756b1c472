import { glmm } from "./binomial_normal.js";
import { contrast } from "./difference.js";
import { pool } from "./pooled.js";
import { fill, roundHalfUp } from "./text.js";

// From a reader's state to a verdict: the same steps, names and sentences as verdict.py and comparison.py.
// Both read rule.json and wording.json (here: data.rule, data.wording); a test holds them to each other.

export const ARMS = ["car_t", "bispecific"];
const PRINTED = "printed";
const ENROLLED = "enrolled";
const NORMAL_975 = 1.959963984540054;

/** The comparison of this state. @returns {object} one entry of data.comparisons */
export function comparisonOf(data, id) {
  const found = data.comparisons.find((comparison) => comparison.id === id);
  if (!found) throw new Error(`no comparison "${id}"; there are ${data.comparisons.map((c) => c.id).join(", ")}`);
  return found;
}

/** A share as a percentage with one decimal, without the sign. */
export function percent(share) {
  return roundHalfUp(100 * share, 1);
}

/** An odds ratio: two decimals below 10, one below 100, none below 1000; beyond that only that it is. */
export function odds(ratio) {
  if (ratio < 0.01 || ratio > 1000) return ratio < 0.01 ? "under 0.01" : "over 1000";
  return roundHalfUp(ratio, ratio < 10 ? 2 : ratio < 100 ? 1 : 0);
}

/** "CAR T", or what the other arm of this comparison is called. */
export function armName(comparison, arm) {
  return arm === "car_t" ? "CAR T" : comparison.bispecific_name;
}

/** Every trial as it is counted now; left_out is empty when it is counted, otherwise the reason. */
export function rowsOf(data, state) {
  const comparison = comparisonOf(data, state.comparison);
  const added = state.added.map((trial) => ({
    id: `added-${trial.name}`, name: trial.name, arm: trial.arm, cohorts: [], age_group: "", setting: "rr", added: true,
    counts: { printed: { events: trial.events, n: trial.n, denominator: "unstated", impossible: false, derived: false } },
  }));
  const rows = [];
  for (const arm of ARMS) {
    for (const trial of [...comparison.trials, ...added].filter((candidate) => candidate.arm === arm)) {
      const wanted = state.readings[trial.id] ?? state.options.reading;
      const reading = wanted in trial.counts ? wanted : PRINTED;
      const count = trial.counts[reading];
      rows.push({
        trial, reading, count,
        fallback: reading !== wanted && (!count || count.denominator !== wanted),
        events: count ? count.events : null,
        n: count ? withAttrition(comparison, trial, count, state.options) : null,
        left_out: leftOut(trial, count, state, rows),
      });
    }
  }
  return rows;
}

function withAttrition(comparison, trial, count, options) {
  if (trial.arm !== "car_t" || !comparison.allows_attrition || count.denominator === ENROLLED) return count.n;
  return Math.floor(count.n / (1 - options.attrition) + 0.5);
}

function leftOut(trial, count, state, earlier) {
  if (!trial.added && !state.trials.includes(trial.id)) return "unticked";
  if (!count) return "no-count";
  if (!trial.added && !inPopulation(trial, state.options.population)) return "population";
  const shared = (row) => !row.left_out && sharesPatients(row.trial, trial);
  return state.options.overlap === "exclusive" && earlier.some(shared) ? "overlap" : "";
}

/** Whether two trials share a cohort of patients. */
export function sharesPatients(a, b) {
  return a.cohorts.some((cohort) => b.cohorts.includes(cohort));
}

function inPopulation(trial, population) {
  if (population === "adults") return trial.age_group === "adult";
  if (population === "children") return trial.age_group === "paediatric";
  if (population === "no-mrd-only") return trial.setting === "rr";
  return true;
}

/** How many groups of trials share no patient with another group. */
export function independentGroups(trials) {
  let groups = [];
  trials.forEach((trial, position) => {
    const cohorts = trial.cohorts.length ? trial.cohorts : [`trial ${position}`];
    const touches = (group) => group.some((cohort) => cohorts.includes(cohort));
    groups = [...groups.filter((group) => !touches(group)), [...cohorts, ...groups.filter(touches).flat()]];
  });
  return groups.length;
}

/**
 * Pool each arm, take the difference, apply the stated rule. The result has the shape of Verdict.as_dict(). What only
 * stands beside the verdict, ratio_z and ratio_glmm, takes longer than all the rest and is fitted when it is first read.
 */
export function evaluate(data, state) {
  const { rule } = data;
  const { options } = state;
  const comparison = comparisonOf(data, state.comparison);
  const rows = rowsOf(data, state);
  const counted = Object.fromEntries(ARMS.map((arm) => [arm, rows.filter((row) => row.trial.arm === arm && !row.left_out)]));
  const pooled = (interval) => Object.fromEntries(ARMS.map((arm) => [arm, poolRows(rule, counted[arm], options.tau2, interval)]));
  const arms = pooled(options.interval);
  const ratio = ratioOf(difference(rule, arms), options.bias);
  const reason = notTestable(data, comparison, counted);
  const verdict = reason ? "not-testable" : side(ratio, comparison.better);
  const text = texts(data, comparison, options, counted, arms, ratio, verdict);
  const beside = {};
  return {
    comparison: comparison.id,
    verdict,
    sentence: sentence(data, comparison, options, counted, ratio, verdict, reason, text),
    arms: Object.fromEntries(ARMS.map((arm) => [arm, armNumbers(arms[arm])])),
    ratio,
    get ratio_z() {
      if (!("z" in beside)) beside.z = ratioOf(difference(rule, pooled("z")), options.bias);
      return beside.z;
    },
    get ratio_glmm() {
      if (!("glmm" in beside)) beside.glmm = glmmRatio(counted, options.bias);
      return beside.glmm;
    },
    rows: rows.map((row) => ({
      trial: row.trial.id, events: row.events, n: row.n, reading: row.reading, fallback: row.fallback, left_out: row.left_out,
    })),
    caveats: caveats(data, comparison, options, counted),
    text,
  };
}

function poolRows(rule, rows, tau2, interval) {
  if (!rows.length) return null;
  return pool(rows.map((row) => row.events), rows.map((row) => row.n), { measure: rule.measure, tau2, interval, level: rule.level });
}

function difference(rule, arms) {
  return arms.car_t && arms.bispecific ? contrast(arms.car_t, arms.bispecific, rule.contrast) : null;
}

function ratioOf(contrasted, bias) {
  if (!contrasted) return null;
  const shift = Math.log(bias);
  return ratio(contrasted.estimate - shift, contrasted.ci_low - shift, contrasted.ci_high - shift);
}

function ratio(logRatio, low, high) {
  const limited = !Number.isNaN(low) && !Number.isNaN(high);
  return { odds_ratio: Math.exp(logRatio), ci_low: limited ? Math.exp(low) : null, ci_high: limited ? Math.exp(high) : null };
}

/** The same difference from a binomial-normal model of each arm; null where that model has no maximum. */
function glmmRatio(counted, bias) {
  const fits = {};
  for (const arm of ARMS) {
    const events = counted[arm].map((row) => row.events);
    const n = counted[arm].map((row) => row.n);
    if (!events.some((x, i) => x > 0 && x < n[i])) return null;
    fits[arm] = fitOf(arm, events, n);
  }
  const estimate = fits.car_t.estimate - fits.bispecific.estimate - Math.log(bias);
  const half = NORMAL_975 * Math.hypot(fits.car_t.se, fits.bispecific.se);
  return ratio(estimate, estimate - half, estimate + half);
}

// Most choices change one arm or none: an arm is fitted when it changed.
const lastFits = {};

function fitOf(arm, events, n) {
  const counts = JSON.stringify([events, n]);
  if (lastFits[arm]?.counts !== counts) lastFits[arm] = { counts, fit: glmm(events, n) };
  return lastFits[arm].fit;
}

function side(found, better) {
  if (!found || found.ci_low === null || (found.ci_low <= 1 && found.ci_high >= 1)) return "undecided";
  return (found.ci_low > 1) === (better === "higher") ? "car_t" : "bispecific";
}

function notTestable(data, comparison, counted) {
  const { reasons } = data.wording;
  const minimum = data.rule.minimum_trials_per_arm;
  for (const arm of ARMS) {
    const name = { arm: armName(comparison, arm) };
    if (!counted[arm].length) return fill(reasons.none, name);
    if (counted[arm].length < minimum) return fill(reasons.few, name);
    if (independentGroups(counted[arm].map((row) => row.trial)) < minimum) return fill(reasons.overlap, name);
  }
  return "";
}

function trialsPhrase(data, k) {
  return fill(data.wording.trials[k === 1 ? "one" : "many"], { k });
}

function texts(data, comparison, options, counted, arms, found, verdict) {
  const missing = "–";
  const text = { label: comparison.label, verdict: fill(data.wording.short[verdict], { bi: comparison.bispecific_name }) };
  for (const arm of ARMS) {
    const share = arms[arm] ? arms[arm].proportion : {};
    text[`${arm}.k`] = String(counted[arm].length);
    text[`${arm}.trials`] = trialsPhrase(data, counted[arm].length);
    text[`${arm}.events`] = String(sum(counted[arm].map((row) => row.events)));
    text[`${arm}.n`] = String(sum(counted[arm].map((row) => row.n)));
    const shares = { percent: share.estimate, low: share.ci_low, high: share.ci_high, pi_low: share.pi_low, pi_high: share.pi_high };
    for (const [name, value] of Object.entries(shares)) {
      text[`${arm}.${name}`] = Number.isFinite(value) ? percent(value) : missing;
    }
    text[`${arm}.tau2`] = arms[arm] ? roundHalfUp(arms[arm].tau2, 3) : missing;
    text[`${arm}.i2`] = arms[arm] && Number.isFinite(arms[arm].i2) ? roundHalfUp(arms[arm].i2, 0) : missing;
  }
  text.ratio = found ? odds(found.odds_ratio) : missing;
  text.ratio_low = found && found.ci_low !== null ? odds(found.ci_low) : missing;
  text.ratio_high = found && found.ci_high !== null ? odds(found.ci_high) : missing;
  text.method = `${data.rule.tau2_choices[options.tau2]}; ${data.rule.interval_choices[options.interval]}`;
  text.reading = comparison.readings[options.reading];
  return text;
}

function sentence(data, comparison, options, counted, found, verdict, reason, text) {
  const words = data.wording;
  const bi = comparison.bispecific_name;
  const parts = [];
  if (found) {
    parts.push(fill(words.rates, {
      lead: words.lead[comparison.conditional ? "responders" : "all"], event: comparison.event, bi,
      car_percent: text["car_t.percent"], car_trials: text["car_t.trials"],
      bi_percent: text["bispecific.percent"], bi_trials: text["bispecific.trials"],
    }));
    parts.push(fill(found.ci_low === null ? words.ratio_alone : words.ratio, { ratio: text.ratio, low: text.ratio_low, high: text.ratio_high }));
  }
  const stated = options.tau2 === data.rule.tau2 && options.interval === data.rule.interval;
  parts.push(fill(words.verdicts[verdict], { rule: words.rule[stated ? "stated" : "chosen"], bi, reason }));
  return [...parts, ...assumptions(data, comparison, options, counted)].join(" ");
}

function assumptions(data, comparison, options, counted) {
  const words = data.wording;
  const every = ARMS.flatMap((arm) => counted[arm]);
  const said = [];
  if (options.reading === ENROLLED || options.reading === "infused") {
    const m = every.filter((row) => row.count.denominator === options.reading).length;
    said.push(fill(options.reading === ENROLLED ? words.counted : words.counted_infused, { m, k: every.length }));
  }
  if (options.bias > 1) said.push(fill(words.assumed_bias, { bias: odds(options.bias) }));
  if (options.attrition > 0 && comparison.allows_attrition) {
    said.push(fill(words.assumed_attrition, { attrition: roundHalfUp(100 * options.attrition, 0) }));
  }
  return said;
}

function caveats(data, comparison, options, counted) {
  const words = data.wording.caveats;
  const every = ARMS.flatMap((arm) => counted[arm]);
  const names = (rows) => rows.map((row) => row.trial.name).join(", ");
  const said = { unanchored: words.unanchored };
  if (comparison.conditional) said.responders = words.responders;
  const [carK, biK] = ARMS.map((arm) => counted[arm].length);
  const [carChildren, biChildren] = ARMS.map((arm) => counted[arm].filter((row) => row.trial.age_group === "paediatric").length);
  if (carK && biK && carChildren * biK !== biChildren * carK) {
    said.age = fill(words.age, {
      car_children: carChildren, car_k: carK, bi_children: biChildren, bi_k: biK, bi: comparison.bispecific_name,
    });
  }
  const withMrd = every.filter((row) => row.trial.setting !== "rr");
  if (withMrd.length) said.mrd = fill(words.mrd, { names: names(withMrd) });
  const impossible = every.filter((row) => row.count.impossible);
  if (impossible.length) said.impossible = fill(words.impossible, { names: names(impossible) });
  if (every.some((row) => row.count.derived)) said.derived = words.derived;
  if (options.overlap === "printed") {
    const shared = every.filter((a) => every.some((b) => a !== b && sharesPatients(a.trial, b.trial)));
    if (shared.length) said.overlap = fill(words.overlap, { names: names(shared) });
  }
  if (comparison.grading) said.grading = words.grading;
  if (comparison.follow_up) said.follow_up = words.follow_up;
  const typed = every.filter((row) => row.trial.added);
  if (typed.length) said.added = fill(words.added, { names: names(typed) });
  return said;
}

function armNumbers(pooled) {
  if (!pooled) return null;
  const { estimate, ci_low, ci_high, pi_low, pi_high } = pooled.proportion;
  const numbers = { k: pooled.k, estimate, ci_low, ci_high, pi_low, pi_high, tau2: pooled.tau2, i2: pooled.i2, q: pooled.q, q_p: pooled.q_p };
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number.isNaN(value) ? null : value]));
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}
