import { expit } from "./arithmetic.js";
import { checkChoice, checkCounts } from "./checks.js";

// Effects and sampling variances of proportions, and the way back to proportions: the counterpart of effects.py.

export const MEASURES = ["logit", "freeman-tukey", "raw"];

/**
 * Effects and sampling variances of proportions. For logit and raw, a row of 0 % or 100 %, and only that row,
 * gets one half added to both of its cells.
 * @param {number[]} events patients with the event, whole numbers
 * @param {number[]} n patients counted, whole numbers
 * @param {string} [measure] one of MEASURES
 * @returns {{yi: number[], vi: number[]}} log odds, proportions, or radians (half of Miller's double arcsine)
 * @throws {Error} naming the argument, the position, the value and what was expected
 */
export function effectSizes(events, n, measure = "logit") {
  checkChoice("measure", measure, MEASURES);
  checkCounts(events, n);
  const effects = events.map((x, i) => effectSize(x, n[i], measure));
  return { yi: effects.map(([y]) => y), vi: effects.map(([, v]) => v) };
}

function effectSize(x, n, measure) {
  if (measure === "freeman-tukey") {
    return [0.5 * (Math.asin(Math.sqrt(x / (n + 1))) + Math.asin(Math.sqrt((x + 1) / (n + 1)))), 1 / (4 * n + 2)];
  }
  const half = x === 0 || x === n ? 0.5 : 0;
  const withEvent = x + half;
  const without = n - x + half;
  const all = n + 2 * half;
  if (measure === "raw") return [withEvent / all, ((withEvent / all) * (1 - withEvent / all)) / all];
  return [Math.log(withEvent / without), 1 / withEvent + 1 / without];
}

/** The proportion that has this effect; n is the sample size of Miller's inverse (Freeman-Tukey only). */
export function toProportion(value, measure, n) {
  if (measure === "raw" || Number.isNaN(value)) return value;
  if (measure === "logit") return expit(value);
  // Values beyond those of 0 of n and n of n have no inverse; they are 0 and 1.
  if (value <= 0.5 * Math.asin(Math.sqrt(1 / (n + 1)))) return 0;
  if (value >= 0.5 * (Math.asin(Math.sqrt(n / (n + 1))) + Math.PI / 2)) return 1;
  const sine = Math.sin(2 * value);
  const root = Math.sqrt(Math.max(0, 1 - (sine + (sine - 1 / sine) / n) ** 2));
  return 0.5 * (1 - Math.sign(Math.cos(2 * value)) * root);
}
