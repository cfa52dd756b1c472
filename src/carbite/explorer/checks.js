// Checks of what is given: one message that says what is wrong, where, and what was expected.

export function checkChoice(name, value, choices) {
  if (!choices.includes(value)) {
    throw new Error(`${name} = ${shown(value)}; expected one of ${choices.map(shown).join(", ")}`);
  }
}

export function checkLevel(level) {
  if (!(typeof level === "number" && level > 0 && level < 1)) {
    throw new Error(`level = ${shown(level)}; expected a number between 0 and 1, such as 0.95`);
  }
}

export function checkCounts(events, n) {
  checkNumbers("events", events, "whole numbers");
  checkNumbers("n", n, "whole numbers");
  checkSameLength("events", events, "n", n);
  refuse("n", n, (value) => value <= 0 || !Number.isInteger(value), "a whole number of at least 1");
  refuse("events", events, (value) => value < 0 || !Number.isInteger(value), "a whole number of at least 0");
  const position = events.findIndex((x, i) => x > n[i]);
  if (position >= 0) {
    throw new Error(
      `events[${position}] = ${events[position]} is greater than n[${position}] = ${n[position]}; expected events <= n`,
    );
  }
}

export function checkEffects(yi, vi) {
  checkNumbers("yi", yi, "numbers");
  checkNumbers("vi", vi, "numbers");
  checkSameLength("yi", yi, "vi", vi);
  refuse("vi", vi, (value) => value <= 0, "a variance greater than 0");
}

function checkNumbers(name, values, what) {
  if (!Array.isArray(values)) throw new Error(`${name} = ${shown(values)}; expected one list of ${what}`);
  if (values.length === 0) throw new Error(`${name} is empty; expected at least one ${what.replace(/s$/, "")}`);
  refuse(name, values, (value) => typeof value !== "number", what);
  refuse(name, values, (value) => !Number.isFinite(value), `finite ${what}`);
}

/** Throw for the first bad value. */
function refuse(name, values, isBad, expected) {
  const position = values.findIndex(isBad);
  if (position >= 0) throw new Error(`${name}[${position}] = ${shown(values[position])}; expected ${expected}`);
}

function checkSameLength(first, a, second, b) {
  if (a.length !== b.length) {
    throw new Error(`${first} has ${a.length} values and ${second} has ${b.length}; expected the same number`);
  }
}

/** A value in a message: text in quotes. */
export function shown(value) {
  return typeof value === "string" ? `'${value}'` : String(value);
}
