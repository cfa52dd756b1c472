import { effectSizes, toProportion } from "./effects.js";
import { A_HIGHER, B_HIGHER, PairCounts, PAIR_UNDECIDED, sideOf } from "./pairs.js";
import { MOST_TRIALS, SubsetFits } from "./subsets.js";
import { ARMS, comparisonOf, independentGroups, rowsOf, sharesPatients } from "./verdict.js";

// Every subset of the trials under the present options, and the verdict of every pair of subsets: what the GOSH panel
// shows (graphical display of study heterogeneity, Olkin, Dahabreh and Trikalinos 2012).
//
// An arm's trials are those with a count under the present options and inside the chosen population, ticked or not, and
// the trials that the reader added. So ticking moves the mark of the present selection and changes no fit. A subset that
// holds patients twice is none, unless they are asked for as printed. The verdict of a pair is what evaluate() says when
// exactly those trials are ticked: a pair in which an arm has fewer trials than the rule asks for cannot be tested.

// With more, counting the pairs would take the page too long.
const MOST_IN_BOTH = 22;
// Cells of a plot: the pooled percentage across, I2 upwards.
export const CELLS_ACROSS = 50;
export const CELLS_UPWARDS = 10;
// Fits and pairs between two looks at the clock.
const FITS_AT_ONCE = 128;
const PAIRS_AT_ONCE = 4096;

/**
 * Counts subsets for one state after another, and keeps the fits that the next state can use again: those of subsets
 * whose trials have the same counts under the same model. Interval, population, bias and ticking need no new fit.
 */
export class Gosh {
  constructor(data) {
    this.data = data;
    this.fits = {};
    this.summary = null;
  }

  /**
   * Start on a state. Until advance() has returned true there is no summary.
   * @param {object} state @param {object} result what evaluate() says of it
   */
  begin(state, result) {
    const { rule } = this.data;
    const comparison = comparisonOf(this.data, state.comparison);
    const everyTrial = { ...state, trials: comparison.trials.map((trial) => trial.id) };
    const present = new Set(result.rows.filter((row) => !row.left_out).map((row) => row.trial));
    this.asked = { state, result, comparison, rule };
    this.summary = null;
    this.pairs = null;
    this.arms = {};
    for (const arm of ARMS) {
      const rows = rowsOf(this.data, everyTrial).filter((row) => row.trial.arm === arm && row.left_out !== "no-count");
      const bitsOf = (chosen) => rows.reduce((bits, row, i) => (chosen(row) ? bits | (1 << i) : bits), 0);
      this.arms[arm] = {
        rows, available: bitsOf((row) => row.left_out !== "population"), present: bitsOf((row) => present.has(row.trial.id)),
      };
    }
    const trials = ARMS.map((arm) => this.arms[arm].rows.length);
    this.tooMany = Math.max(...trials) > MOST_TRIALS || trials[0] + trials[1] > MOST_IN_BOTH;
    this.steps = this.tooMany ? [] : [...ARMS.map((arm) => () => this.fitArm(arm)), ...ARMS.map((arm) => () => this.pairable(arm)), () => this.countPairs()];
  }

  /** Whether the summary is that of this result. */
  isOf(result) {
    return this.summary !== null && this.asked.result === result;
  }

  /** Do a little more. @returns {boolean} whether the summary is there */
  advance() {
    if (this.steps.length && this.steps[0]()) this.steps.shift();
    if (!this.steps.length) this.summary = this.tooMany ? { tooMany: true } : this.summarise();
    return this.summary !== null;
  }

  fitArm(arm) {
    const { rule, state } = this.asked;
    const about = this.arms[arm];
    if (!about.fits) {
      const counts = ["events", "n"].map((name) => about.rows.map((row) => row[name]));
      const { yi, vi } = about.rows.length ? effectSizes(...counts, rule.measure) : { yi: [], vi: [] };
      about.fits = new SubsetFits(yi, vi, state.options.tau2, this.fits[arm]);
    }
    if (!about.fits.advance(FITS_AT_ONCE)) return false;
    this.fits[arm] = about.fits;
    return true;
  }

  /** Which subsets of an arm count, ready to be paired. */
  pairable(arm) {
    const { state, rule } = this.asked;
    const { interval, overlap, bias } = state.options;
    const about = this.arms[arm];
    const subsets = new CountedSubsets(about, overlap);
    about.allowed = subsets.allowed().length;
    const side = (masks) => sideOf(about.fits, masks, interval, arm === "car_t" ? Math.log(bias) : 0);
    about.testable = side(subsets.allowed(rule.minimum_trials_per_arm));
    about.each = interval === "z" ? side(subsets.allowed()) : null;
    return true;
  }

  /** Pairs by the rule; with z intervals also all pairs that have an interval, single trials among them. */
  countPairs() {
    const { car_t, bispecific } = this.arms;
    if (!this.pairs) {
      const { state, rule, result } = this.asked;
      const { interval } = state.options;
      const verdict = { car_t: this.inFavour(true), bispecific: this.inFavour(false), undecided: PAIR_UNDECIDED }[result.verdict];
      const trials = bitCount(car_t.present) + bitCount(bispecific.present);
      const start = verdict === undefined ? null : { a: car_t.present, b: bispecific.present, verdict, trials };
      this.pairs = new PairCounts(car_t.testable, bispecific.testable, interval, rule.level, start);
      this.allPairs = car_t.each && new PairCounts(car_t.each, bispecific.each, interval, rule.level);
    }
    return this.pairs.advance(PAIRS_AT_ONCE) && (!this.allPairs || this.allPairs.advance(PAIRS_AT_ONCE));
  }

  /** What PairCounts calls a verdict in favour of CAR T, or of the other arm. */
  inFavour(ofCarT) {
    return ofCarT === (this.asked.comparison.better === "higher") ? A_HIGHER : B_HIGHER;
  }

  summarise() {
    const { car_t, bispecific } = this.arms;
    const named = { [this.inFavour(true)]: "car_t", [this.inFavour(false)]: "bispecific", [PAIR_UNDECIDED]: "undecided" };
    const counts = (pairs) => Object.fromEntries(Object.entries(named).map(([verdict, name]) => [name, pairs.counts[verdict]]));
    const testable = car_t.testable.count * bispecific.testable.count;
    const without = (about, left) => about.rows.filter((_, i) => ((about.present & ~left) >> i) & 1).map((row) => row.trial.id);
    return {
      tooMany: false,
      pairs: car_t.allowed * bispecific.allowed,
      testable,
      verdicts: counts(this.pairs),
      all: this.allPairs ? { pairs: car_t.each.count * bispecific.each.count, verdicts: counts(this.allPairs) } : null,
      fewest: this.pairs.choices.length ? this.pairs.fewest : null,
      choices: this.pairs.choices.map(({ a, b, verdict }) => ({ trials: [...without(car_t, a), ...without(bispecific, b)], verdict: named[verdict] })),
      arms: Object.fromEntries(ARMS.map((arm) => [arm, this.armSummary(this.arms[arm])])),
    };
  }

  /** How the subsets of an arm that can be tested spread: counts by cell, row by row from I2 = 0, and their ranges. */
  armSummary({ rows, fits, testable, available, present }) {
    const { measure } = this.asked.rule;
    const cells = new Uint32Array(CELLS_ACROSS * CELLS_UPWARDS);
    const share = (mask) => toProportion(fits.estimate[mask], measure);
    const range = { low: Infinity, high: -Infinity, i2: 0 };
    for (const mask of testable.masks) {
      const at = share(mask);
      const i2 = fits.i2[mask];
      range.low = Math.min(range.low, at);
      range.high = Math.max(range.high, at);
      range.i2 = Math.max(range.i2, i2);
      const column = Math.min(CELLS_ACROSS - 1, Math.floor(at * CELLS_ACROSS));
      const line = Math.min(CELLS_UPWARDS - 1, Math.floor((i2 / 100) * CELLS_UPWARDS));
      cells[line * CELLS_ACROSS + column] += 1;
    }
    return {
      trials: bitCount(available), subsets: testable.count, cells, range: testable.count ? range : null,
      present: present ? { share: share(present), i2: fits.i2[present], k: bitCount(present), of: rows.length } : null,
    };
  }
}

/** The subsets of an arm that there are under the chosen population and overlap. */
class CountedSubsets {
  constructor({ rows, available }, overlap) {
    this.trials = rows.map((row) => row.trial);
    this.available = available;
    this.exclusive = overlap !== "printed";
    // Pairs of trials that share patients, as masks: few, and mostly none.
    this.sharing = this.trials.flatMap((trial, i) => this.trials.flatMap((other, j) => (j < i && sharesPatients(trial, other) ? [(1 << i) | (1 << j)] : [])));
  }

  /** The masks of those with so many groups of trials that share no patient, and at least one trial. */
  allowed(minimum = 1) {
    const masks = [];
    // From mask to mask, all within what is available.
    for (let mask = this.available; mask; mask = (mask - 1) & this.available) {
      const shares = this.sharing.some((pair) => (mask & pair) === pair);
      if (shares && this.exclusive) continue;
      if ((shares ? this.groups(mask) : bitCount(mask)) >= minimum) masks.push(mask);
    }
    return Int32Array.from(masks).reverse();
  }

  groups(mask) {
    return independentGroups(this.trials.filter((_, i) => (mask >> i) & 1));
  }
}

function bitCount(mask) {
  let count = 0;
  for (let left = mask; left; left &= left - 1) count += 1;
  return count;
}
