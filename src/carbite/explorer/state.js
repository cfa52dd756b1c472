import { ARMS, comparisonOf } from "./verdict.js";

// The one state that drives everything, and its parts of a link: "c=cr", "on=tower,eliana", "r=enrolled".
// A link names trials by id, never by position, so it still opens after trials were added.

const MAX_NAME = 60;
// Signs that show nothing themselves: controls, and those that turn the direction of the text around them.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** The published comparison under the stated rule. */
export function defaultState(data, comparisonId) {
  return {
    comparison: comparisonId,
    trials: comparisonOf(data, comparisonId).trials.filter((trial) => trial.default).map((trial) => trial.id),
    readings: {},
    added: [],
    options: {
      reading: "printed", tau2: data.rule.tau2, interval: data.rule.interval,
      population: "all", overlap: "exclusive", bias: 1, attrition: 0,
    },
  };
}

/** Whether two states are the same, whatever the order in which trials were ticked. */
export function sameState(a, b) {
  return JSON.stringify(normal(a)) === JSON.stringify(normal(b));
}

function normal(state) {
  const sorted = (object) => Object.fromEntries(Object.entries(object).sort());
  return {
    comparison: state.comparison, trials: [...state.trials].sort(), readings: sorted(state.readings),
    added: state.added.map(({ name, arm, events, n }) => [name, arm, events, n]), options: sorted(state.options),
  };
}

/** The parts of a link for a state. They name every ticked trial, so that it holds when the published comparison grows. */
export function stateParts(data, state) {
  const usual = defaultState(data, state.comparison);
  const { options } = state;
  const parts = [`c=${state.comparison}`, `on=${state.trials.join(",")}`];
  const readings = Object.entries(state.readings).map(([trial, reading]) => `${trial}.${reading}`);
  if (readings.length) parts.push(`rt=${readings.join(",")}`);
  for (const [key, name] of Object.entries(OPTION_KEYS)) {
    if (options[name] !== usual.options[name]) parts.push(`${key}=${options[name]}`);
  }
  for (const trial of state.added) {
    parts.push(`x=${[trial.name, trial.arm, trial.events, trial.n].map(encodePart).join("~")}`);
  }
  return parts;
}

const OPTION_KEYS = { r: "reading", t: "tau2", i: "interval", p: "population", o: "overlap", b: "bias", a: "attrition" };

function encodePart(value) {
  return encodeURIComponent(value).replaceAll("~", "%7E");
}

/** Whether a part of a link is the explorer's. */
export function isStateKey(key) {
  return ["c", "on", "rt", "x", ...Object.keys(OPTION_KEYS)].includes(key);
}

/**
 * The state that parts of a link describe.
 * @param {object} data the payload @param {[string, string][]} parts keys, each of which isStateKey, with their values
 * @throws {Error} that says what is wrong; the caller then shows the default with a notice
 */
export function stateOf(data, parts) {
  const values = { x: [] };
  for (const [key, value] of parts) {
    if (key === "x") values.x.push(value);
    else if (key in values) throw new Error(`"${key}" stands in it twice`);
    else values[key] = value;
  }
  const comparison = comparisonOf(data, values.c);
  const state = defaultState(data, comparison.id);
  if (values.on === undefined) throw new Error("it does not say which trials are ticked");
  state.trials = values.on === "" ? [] : values.on.split(",").map((id) => knownTrial(comparison, id));
  if (new Set(state.trials).size !== state.trials.length) throw new Error("a trial is ticked twice");
  for (const pair of values.rt ? values.rt.split(",") : []) {
    const [trial, reading, ...rest] = pair.split(".");
    if (rest.length || trial in state.readings) throw new Error(`"${pair}" does not say how one trial is counted`);
    state.readings[knownTrial(comparison, trial)] = oneOf(comparison.readings, reading);
  }
  const choices = {
    reading: comparison.readings, tau2: data.rule.tau2_choices, interval: data.rule.interval_choices,
    population: data.rule.population_choices, overlap: data.rule.overlap_choices,
  };
  for (const [key, name] of Object.entries(OPTION_KEYS)) {
    if (values[key] === undefined) continue;
    state.options[name] = name in choices ? oneOf(choices[name], values[key]) : within(values[key], data.limits[name]);
  }
  for (const text of values.x) {
    if (text.split("~").length !== 4) throw new Error("an added trial is incomplete");
    const [name, arm, events, n] = text.split("~").map(decodePart);
    state.added = [...state.added, addedTrial(data, state, name, arm, wholeNumber(events), wholeNumber(n))];
  }
  return state;
}

function decodePart(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error("an added trial cannot be read");
  }
}

/** Digits to a number; everything else, the empty text too, to NaN. */
export function wholeNumber(text) {
  return /^\d+$/.test(text.trim()) ? Number(text) : NaN;
}

function knownTrial(comparison, id) {
  if (!comparison.trials.some((trial) => trial.id === id)) throw new Error(`there is no trial "${id}" in this comparison`);
  return id;
}

function oneOf(choices, value) {
  if (!Object.hasOwn(choices, value)) throw new Error(`"${value}" is not one of ${Object.keys(choices).join(", ")}`);
  return value;
}

function within(text, [low, high]) {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high)) throw new Error(`"${text}" is not a number from ${low} to ${high}`);
  return value;
}

/** A trial that the reader typed in, checked. Throws an Error that says what was expected. */
export function addedTrial(data, state, name, arm, events, n) {
  const trimmed = name.trim();
  const comparison = comparisonOf(data, state.comparison);
  if (state.added.length >= data.limits.added_trials) throw new Error(`No more than ${data.limits.added_trials} trials can be added.`);
  if (!trimmed || trimmed.length > MAX_NAME) throw new Error(`Give the trial a name of 1 to ${MAX_NAME} letters.`);
  if (INVISIBLE.test(trimmed)) throw new Error("The name of the trial holds a sign that cannot be seen. Type it again.");
  if ([...comparison.trials, ...state.added].some((trial) => trial.name === trimmed)) throw new Error(`There is already a trial called ${trimmed}.`);
  if (!ARMS.includes(arm)) throw new Error("Choose an arm.");
  if (!Number.isInteger(n) || n < 1 || n > data.limits.added_n) throw new Error(`Patients must be a whole number from 1 to ${data.limits.added_n}.`);
  if (!Number.isInteger(events) || events < 0 || events > n) throw new Error(`Patients with the event must be a whole number from 0 to ${n}.`);
  return { name: trimmed, arm, events, n };
}
