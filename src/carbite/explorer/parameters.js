// The values of a model's parameters: their start, their checks, and their part of a link, such as "stop:12,dose:28".
// The counterpart of models/parameters.py.

/** Every parameter at its start. @param {object} about what Python's Model.description() wrote */
export function defaultValues(about) {
  return Object.fromEntries(about.parameters.map((parameter) => [parameter.name, parameter.default]));
}

/** The parameters that are not at their start. */
export function changedParameters(about, values) {
  return about.parameters.filter((parameter) => values[parameter.name] !== parameter.default);
}

/** Whether all values are the same. */
export function sameValues(about, a, b) {
  return about.parameters.every(({ name }) => a[name] === b[name]);
}

/** A value read from a text, checked. Throws an Error that says what was expected. */
export function valueOf(parameter, text) {
  if (parameter.kind === "choice") {
    if (!Object.hasOwn(parameter.options, text)) throw new Error(`${parameter.label} must be one of ${Object.values(parameter.options).join(", ")}`);
    return text;
  }
  if (parameter.kind === "toggle") {
    if (text !== "true" && text !== "false") throw new Error(`${parameter.label} must be true or false`);
    return text === "true";
  }
  const value = text.trim() === "" ? NaN : Number(text);
  if (!(value >= parameter.low && value <= parameter.high) || (parameter.whole && !Number.isInteger(value))) {
    throw new Error(`${parameter.label} must be ${rangeText(parameter)}`);
  }
  return value;
}

/** What a number may be: "a whole number from 0 to 12 hours". */
export function rangeText({ whole, low, high, unit }) {
  return `a${whole ? " whole" : ""} number from ${low} to ${high}${unit && ` ${unit}`}`;
}

/** A value with its unit or its label, for readers. */
export function shownValue(parameter, value) {
  if (parameter.kind === "choice") return parameter.options[value];
  if (parameter.kind === "toggle") return value ? "yes" : "no";
  return `${value}${parameter.unit && `\u00a0${parameter.unit}`}`;
}

/** The values that are not at their start, as text for a link. */
export function formatValues(about, values) {
  return changedParameters(about, values).map(({ name }) => `${name}:${values[name]}`).join(",");
}

/** Read what formatValues wrote. Throws an Error that says what is wrong. */
export function parseValues(about, text) {
  const values = defaultValues(about);
  const seen = new Set();
  for (const pair of text.split(",")) {
    const [name, value, ...rest] = pair.split(":");
    const parameter = about.parameters.find((each) => each.name === name);
    if (!parameter || value === undefined || rest.length) throw new Error(`"${pair}" is not a setting of this model`);
    if (seen.has(name)) throw new Error(`"${name}" stands in it twice`);
    seen.add(name);
    values[name] = valueOf(parameter, value);
  }
  return values;
}

// ---- sliders -------------------------------------------------------------------------------------------

const LOG_STEPS = 300;

/** The ends, step and place of a slider; one that moves by factors has places of its own. */
export function sliderOf(parameter, value) {
  if (!parameter.log) return { min: parameter.low, max: parameter.high, step: parameter.step, at: value };
  const at = (LOG_STEPS * Math.log(value / parameter.low)) / Math.log(parameter.high / parameter.low);
  return { min: 0, max: LOG_STEPS, step: 1, at: Math.round(at) };
}

/** The value at a place of a slider, as text. */
export function sliderText(parameter, place) {
  if (!parameter.log) return place;
  const exact = parameter.low * (parameter.high / parameter.low) ** (Number(place) / LOG_STEPS);
  const value = Math.min(Math.max(Number(exact.toPrecision(2)), parameter.low), parameter.high);
  return String(parameter.whole ? Math.round(value) : value);
}
