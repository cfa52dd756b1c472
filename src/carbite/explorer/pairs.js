import { normalQuantile, studentQuantile } from "./distributions.js";

// Two arms that are pooled separately: the verdict of every pair of a subset of one and a subset of the other, from the
// fits of each arm alone. The counterpart of subsets/pairs.py and subsets/fragility.py.

// Quantiles of Student's t are kept for so many steps of 1 / df from 0 to 1, so that the two next to a pair's own decide
// nearly every pair.
const QUANTILE_STEPS = 1024;
// Their squares, by the upper tail, found when they are first needed: NaN until then.
const quantileTables = new Map();
// A pair's verdict: b has more, the interval includes no difference, a has more.
export const B_HIGHER = 0;
export const PAIR_UNDECIDED = 1;
export const A_HIGHER = 2;

/** What the interval multiplies the z interval's se by, squared. */
function squaredFactor(interval, scatter, df) {
  if (interval === "z" || df === 0) return 1;
  return interval === "modified-hartung-knapp" ? Math.max(1, scatter / df) : scatter / df;
}

/**
 * The subsets of an arm that count, ready to be paired. @typedef {{count: number, masks: Int32Array, k: Uint8Array,
 *   estimate: Float64Array, square: Float64Array, part: Float64Array}} Side
 */

/**
 * @param {SubsetFits} fits finished @param {Int32Array} masks of the subsets that count
 * @param {string} interval one of INTERVALS @param {number} [shift] is taken from every estimate
 * @returns {Side} square is se^2 with the adjustment of the interval, part is se^4 / df
 */
export function sideOf(fits, masks, interval, shift = 0) {
  const count = masks.length;
  const side = { count, masks, k: new Uint8Array(count), estimate: new Float64Array(count), square: new Float64Array(count), part: new Float64Array(count) };
  for (let j = 0; j < count; j += 1) {
    const mask = masks[j];
    const df = fits.k[mask] - 1;
    const square = fits.se[mask] ** 2 * squaredFactor(interval, fits.scatter[mask], df);
    side.k[j] = df + 1;
    side.estimate[j] = fits.estimate[mask] - shift;
    side.square[j] = square;
    side.part[j] = square ** 2 / df;
  }
  return side;
}

/**
 * Counts the verdicts of all pairs, some at a time, and finds the fewest trials whose removal from a selection changes
 * its verdict. With an interval other than z every subset needs two trials.
 */
export class PairCounts {
  /**
   * @param {Side} a @param {Side} b @param {string} interval @param {number} level between 0 and 1
   * @param {?{a: number, b: number, verdict: number}} [start] the selection from which trials are removed, as masks
   */
  constructor(a, b, interval, level, start = null) {
    this.a = a;
    this.b = b;
    this.normal = interval === "z";
    this.upperTail = (1 + level) / 2;
    this.start = start;
    this.counts = new Float64Array(3);
    this.row = 0;
    this.fewest = Infinity;
    /** Removals of the fewest trials, as masks of the trials that are left, with what is then said. */
    this.choices = [];
    if (!quantileTables.has(this.upperTail)) {
      quantileTables.set(this.upperTail, new Float64Array(QUANTILE_STEPS + 2).fill(NaN));
    }
    this.squaredQuantiles = quantileTables.get(this.upperTail);
    this.squaredQuantile(0);
  }

  /** The square of the quantile at so many steps of 1 / df. */
  squaredQuantile(step) {
    const known = this.squaredQuantiles[step];
    if (!Number.isNaN(known)) return known;
    const quantile = step === 0 ? normalQuantile(this.upperTail) : studentQuantile(this.upperTail, Math.max(1, QUANTILE_STEPS / step));
    this.squaredQuantiles[step] = quantile ** 2;
    return quantile ** 2;
  }

  /** Go through so many more pairs, or a few more: whole rows. @returns {boolean} whether all are done */
  advance(pairs) {
    const { a, b, start } = this;
    let left = pairs;
    for (; this.row < a.count && left > 0; this.row += 1) {
      const within = start !== null && (a.masks[this.row] & ~start.a) === 0;
      this.countRow(this.row, within);
      left -= Math.max(1, b.count);
    }
    return this.row >= a.count;
  }

  countRow(i, within) {
    const { a, b, counts, normal, squaredQuantiles, start } = this;
    const estimate = a.estimate[i];
    const square = a.square[i];
    const part = a.part[i];
    let higher = 0;
    let lower = 0;
    for (let j = 0; j < b.count; j += 1) {
      const difference = estimate - b.estimate[j];
      const joint = square + b.square[j];
      const distance = difference * difference;
      let beyond;
      if (normal) beyond = distance > squaredQuantiles[0] * joint;
      else {
        // Welch and Satterthwaite: 1 / df. Without any scatter the interval is a point for every df.
        const inverse = joint > 0 ? (part + b.part[j]) / (joint * joint) : 0;
        const step = Math.min(QUANTILE_STEPS, Math.floor(inverse * QUANTILE_STEPS));
        let above = squaredQuantiles[step + 1];
        let below = squaredQuantiles[step];
        if (!(above >= below)) {
          above = this.squaredQuantile(step + 1);
          below = this.squaredQuantile(step);
        }
        if (distance > above * joint) beyond = true;
        else if (!(distance > below * joint)) beyond = false;
        else beyond = Math.sqrt(distance) > studentQuantile(this.upperTail, 1 / inverse) * Math.sqrt(joint);
      }
      if (beyond) {
        if (difference > 0) higher += 1;
        else lower += 1;
      }
      if (within && (b.masks[j] & ~start.b) === 0) {
        this.consider(i, j, beyond ? (difference > 0 ? A_HIGHER : B_HIGHER) : PAIR_UNDECIDED);
      }
    }
    counts[A_HIGHER] += higher;
    counts[B_HIGHER] += lower;
    counts[PAIR_UNDECIDED] += b.count - higher - lower;
  }

  /** Whether this pair, part of the selection, says something else with as few trials removed as any before. */
  consider(i, j, verdict) {
    if (verdict === this.start.verdict) return;
    const left = this.a.k[i] + this.b.k[j];
    const removed = this.start.trials - left;
    if (removed > this.fewest) return;
    if (removed < this.fewest) this.choices = [];
    this.fewest = removed;
    this.choices.push({ a: this.a.masks[i], b: this.b.masks[j], verdict });
  }
}
