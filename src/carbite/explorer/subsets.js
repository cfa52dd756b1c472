import { estimateTau2 } from "./tau2.js";

// Every subset of the trials of one arm: the counterpart of subsets/enumeration.py and subsets/engine.py.
//
// Subsets are visited depth first: {0}, {0, 1}, {0, 1, 2}, {0, 2}, {1}, ... So each is its parent and one more trial,
// and whatever is additive over trials is the parent's row of a stack plus the trial's own: weights, the mean and the
// sum of squares around it (Welford's update, in which nothing cancels), and for a likelihood the sums behind its score
// at fixed values of tau2.
//
// A (restricted) likelihood is scanned on those values, with neighbours 60 % apart, as in Python. One clear maximum is
// refined by Newton's steps on score / sum w^2, which is nearly a straight line; the last step is put into the sums by
// their derivatives. A subset with several maxima, or a score that touches zero, is left to estimateTau2: the same
// 200 points of its own, every bracket, and the highest likelihood.

export const MOST_TRIALS = 15;

// The grid of tau2 in units of the smallest v, and on the scale of log tau2.
const LOWEST_TAU2 = 0.1;
const SCAN_STEP = 0.9;
// Sums behind the score, per value of tau2: w, w y, w^2, w^2 y, w^2 y^2.
const SCORE_SUMS = 5;
// An extremum of the score that comes nearer to zero than this share of its second difference is looked at closely;
// a parabola through three points passes them by at most an eighth.
const NEAR_ZERO = 0.25;
// A score at 0 below this share of sum w is zero up to rounding.
const ZERO_SCORE = 1e-11;
// Newton's steps end at this step, relative to v + tau2; the error is about its square.
const LAST_TAU2_STEP = 3e-6;
const REFINING_STEPS = 60;
// Points of the grid around a root from which its place is guessed.
const ROOT_POINTS = 4;

// The places of one row of the stack.
const ROW_WEIGHT = 0;
const ROW_MEAN = 1;
const ROW_SCATTER = 2;
const ROW_WEIGHT2 = 3;
const ROW_PLAIN_MEAN = 4;
const ROW_PLAIN_SQUARES = 5;
const ROW_VARIANCES = 6;
const STACK_ROW = 7;

// What one fit leaves behind for the next step.
const FOUND_TAU2 = 0;
const FOUND_MEAN = 1;
const FOUND_WEIGHT = 2;
const FOUND_SCATTER = 3;
const FOUND_LEFT = 4;
const FOUND_RIGHT = 5;

/**
 * The pooled result of every subset of k trials. All arrays have 2^k places, one per bit mask (bit i = trial i); the
 * place of the empty subset holds NaN. se is that of the z interval; scatter is the weighted sum of squares around the
 * mean at tau2, from which every other interval follows; i2 is a percentage.
 */
export class SubsetFits {
  /**
   * @param {number[]} yi effects @param {number[]} vi sampling variances, positive
   * @param {string} method one of TAU2
   * @param {?SubsetFits} [before] finished fits by the same method: only subsets with a trial that is new or has
   *   changed are fitted again
   * @throws {Error} when there are more trials than MOST_TRIALS
   */
  constructor(yi, vi, method, before = null) {
    const k = yi.length;
    if (k > MOST_TRIALS) throw new Error(`there are ${k} trials; expected at most ${MOST_TRIALS}`);
    this.trials = k;
    this.method = method;
    this.yi = yi;
    this.vi = vi;
    const size = 2 ** k;
    for (const name of ["estimate", "se", "tau2", "scatter", "q", "i2"]) this[name] = new Float64Array(size);
    this.estimate[0] = NaN;
    this.k = new Uint8Array(size);
    this.optima = new Uint8Array(size);
    for (let mask = 1; mask < size; mask += 1) this.k[mask] = this.k[mask >> 1] + (mask & 1);
    const isNew = (i) => !before || before.method !== method || i >= before.trials || before.yi[i] !== yi[i] || before.vi[i] !== vi[i];
    const trials = yi.map((_, i) => i);
    const changed = trials.filter(isNew);
    if (changed.length < k) {
      const kept = Math.min(size, before.estimate.length);
      for (const name of ["estimate", "se", "tau2", "scatter", "q", "i2", "optima"]) {
        this[name].set(before[name].subarray(0, kept));
      }
    }
    // New trials come first: then the subsets that begin with one of them are those that hold one.
    this.begin([...changed, ...trials.filter((i) => !isNew(i))], changed.length);
  }

  /** Set up the stack for the trials in this order; only subsets that begin with one of the first are wanted. */
  begin(order, first) {
    const k = order.length;
    this.order = Int32Array.from(order);
    this.first = first;
    this.depth = 0;
    // The mean of the arm as origin, so that little cancels in the sums of the likelihood.
    let weight = 0;
    let weighted = 0;
    for (const i of order) {
      weight += 1 / this.vi[i];
      weighted += this.yi[i] / this.vi[i];
    }
    this.origin = weighted / weight;
    this.y = Float64Array.from(order, (i) => this.yi[i] - this.origin);
    this.v = Float64Array.from(order, (i) => this.vi[i]);
    this.smallest = this.v.reduce((least, value) => Math.min(least, value), Infinity);
    this.path = new Int32Array(k + 1);
    this.masks = new Int32Array(k + 1);
    this.memberY = new Float64Array(k);
    this.memberV = new Float64Array(k);
    this.rows = new Float64Array((k + 1) * STACK_ROW);
    this.found = new Float64Array(6);
    const likelihood = this.method === "REML" || this.method === "ML";
    this.grid = Float64Array.from(likelihood && first > 0 ? scanPoints(this.y, this.v) : []);
    const width = this.grid.length * SCORE_SUMS;
    this.scores = new Float64Array(this.grid.length);
    this.nearScore = new Float64Array(ROOT_POINTS);
    this.nearTau2 = new Float64Array(ROOT_POINTS);
    this.perTrial = new Float64Array(k * width);
    this.sums = new Float64Array((k + 1) * width);
    for (let i = 0; i < k; i += 1) {
      for (let g = 0; g < this.grid.length; g += 1) {
        const w = 1 / (this.v[i] + this.grid[g]);
        const at = i * width + g * SCORE_SUMS;
        this.perTrial[at] = w;
        this.perTrial[at + 1] = w * this.y[i];
        this.perTrial[at + 2] = w * w;
        this.perTrial[at + 3] = w * w * this.y[i];
        this.perTrial[at + 4] = w * w * this.y[i] * this.y[i];
      }
    }
  }

  /** Fit so many more subsets. @returns {boolean} whether all are done */
  advance(count) {
    const k = this.trials;
    const { path, masks, order } = this;
    for (let done = 0; done < count; done += 1) {
      let next = this.depth > 0 ? path[this.depth] + 1 : 0;
      if (next < k) this.depth += 1;
      else {
        this.depth -= 1;
        if (this.depth <= 0) return true;
        next = path[this.depth] + 1;
      }
      if (this.depth === 1 && next >= this.first) {
        this.depth = 0;
        return true;
      }
      path[this.depth] = next;
      masks[this.depth] = masks[this.depth - 1] | (1 << order[next]);
      this.push(next);
      this.fit(masks[this.depth]);
    }
    return false;
  }

  /** The row of the stack for the parent and one more trial. */
  push(i) {
    const { rows, depth } = this;
    const parent = (depth - 1) * STACK_ROW;
    const row = depth * STACK_ROW;
    const y = this.y[i];
    const v = this.v[i];
    this.memberY[depth - 1] = y;
    this.memberV[depth - 1] = v;
    const w = 1 / v;
    const weight = rows[parent + ROW_WEIGHT] + w;
    let step = y - rows[parent + ROW_MEAN];
    let share = w / weight;
    rows[row + ROW_WEIGHT] = weight;
    rows[row + ROW_MEAN] = rows[parent + ROW_MEAN] + share * step;
    rows[row + ROW_SCATTER] = rows[parent + ROW_SCATTER] + (weight - w) * share * step * step;
    rows[row + ROW_WEIGHT2] = rows[parent + ROW_WEIGHT2] + w * w;
    step = y - rows[parent + ROW_PLAIN_MEAN];
    share = 1 / depth;
    rows[row + ROW_PLAIN_MEAN] = rows[parent + ROW_PLAIN_MEAN] + share * step;
    rows[row + ROW_PLAIN_SQUARES] = rows[parent + ROW_PLAIN_SQUARES] + (depth - 1) * share * step * step;
    rows[row + ROW_VARIANCES] = rows[parent + ROW_VARIANCES] + v;
  }

  /** Fit the subset on top of the stack. */
  fit(mask) {
    const { rows, depth, found, method } = this;
    const row = depth * STACK_ROW;
    const df = depth - 1;
    const weight = rows[row + ROW_WEIGHT];
    const q = rows[row + ROW_SCATTER];
    found[FOUND_TAU2] = 0;
    found[FOUND_MEAN] = rows[row + ROW_MEAN];
    found[FOUND_WEIGHT] = weight;
    found[FOUND_SCATTER] = q;
    let optima = 1;
    const scale = weight - rows[row + ROW_WEIGHT2] / weight;
    if (method === "REML" || method === "ML") {
      optima = this.likelihood();
    } else if (df > 0) {
      if (method === "DL") found[FOUND_TAU2] = Math.max(0, (q - df) / scale);
      else if (method === "HE") {
        found[FOUND_TAU2] = Math.max(0, (rows[row + ROW_PLAIN_SQUARES] - rows[row + ROW_VARIANCES] * (df / depth)) / df);
      } else if (method === "SJ") {
        const start = rows[row + ROW_PLAIN_SQUARES] / depth;
        found[FOUND_TAU2] = start;
        this.settle();
        found[FOUND_TAU2] = (start * found[FOUND_SCATTER]) / df;
      } else if (method === "PM") this.pauleMandel();
      if (method !== "PM" && method !== "EE") this.settle();
    }
    const tau2 = found[FOUND_TAU2];
    this.estimate[mask] = found[FOUND_MEAN] + this.origin;
    this.se[mask] = Math.sqrt(1 / found[FOUND_WEIGHT]);
    this.tau2[mask] = tau2;
    this.scatter[mask] = Math.max(0, found[FOUND_SCATTER]);
    this.q[mask] = q;
    this.optima[mask] = optima;
    if (df === 0) this.i2[mask] = 0;
    else if (method === "EE") this.i2[mask] = q > df ? (100 * (q - df)) / q : 0;
    else this.i2[mask] = (100 * tau2) / (df / scale + tau2);
  }

  /** Mean, weight and scatter at the tau2 that was found, seen from the equal-effects mean. */
  settle() {
    const { found, memberY, memberV, depth } = this;
    const tau2 = found[FOUND_TAU2];
    const row = depth * STACK_ROW;
    const centre = this.rows[row + ROW_MEAN];
    if (tau2 === 0) {
      found[FOUND_MEAN] = centre;
      found[FOUND_WEIGHT] = this.rows[row + ROW_WEIGHT];
      found[FOUND_SCATTER] = this.rows[row + ROW_SCATTER];
      return;
    }
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    for (let i = 0; i < depth; i += 1) {
      const w = 1 / (memberV[i] + tau2);
      const d = memberY[i] - centre;
      const p = w * d;
      s0 += w;
      s1 += p;
      s2 += p * d;
    }
    const shift = s1 / s0;
    found[FOUND_MEAN] = centre + shift;
    found[FOUND_WEIGHT] = s0;
    found[FOUND_SCATTER] = s2 - shift * s1;
  }

  /** The root of Q(tau2) = k - 1 by Newton's steps on 1 / Q, which is concave: from 0 they never pass the root. */
  pauleMandel() {
    const { found, memberY, memberV, depth, smallest } = this;
    const df = depth - 1;
    const centre = this.rows[depth * STACK_ROW + ROW_MEAN];
    let tau2 = 0;
    for (let count = 0; count < REFINING_STEPS; count += 1) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let t0 = 0;
      let t1 = 0;
      let t2 = 0;
      for (let i = 0; i < depth; i += 1) {
        const w = 1 / (memberV[i] + tau2);
        const d = memberY[i] - centre;
        const p = w * d;
        const w2 = w * w;
        const p2 = w2 * d;
        s0 += w;
        s1 += p;
        s2 += p * d;
        t0 += w2;
        t1 += p2;
        t2 += p2 * d;
      }
      const shift = s1 / s0;
      const around = s2 - shift * s1;
      if (!(around > df)) break;
      const step = (around * (around / df - 1)) / (t2 - shift * (2 * t1 - shift * t0));
      tau2 += step;
      if (step <= LAST_TAU2_STEP * (smallest + tau2)) break;
    }
    found[FOUND_TAU2] = tau2;
    this.settle();
  }

  /** tau2 of the highest (restricted) likelihood, with its mean, weight and scatter. @returns {number} maxima */
  likelihood() {
    const { found, depth } = this;
    const restricted = this.method === "REML" ? 1 : 0;
    this.scan(restricted);
    if (depth === 1) return 1;
    const crossing = this.crossing();
    if (crossing === 0 || (crossing > 0 && this.refine(restricted, this.guess(crossing)))) return 1;
    const y = Array.from(this.memberY.subarray(0, depth));
    const v = Array.from(this.memberV.subarray(0, depth));
    const { tau2, optima } = estimateTau2([{ y, v }], this.method);
    found[FOUND_TAU2] = tau2;
    this.settle();
    return optima;
  }

  /**
   * Add the trial on top to the sums, and note the score on the grid. It is divided by sum w: it then moves between two
   * constants as log tau2 grows.
   */
  scan(restricted) {
    const { sums, perTrial, depth, path, scores } = this;
    const points = this.grid.length;
    const width = points * SCORE_SUMS;
    const keep = path[depth] < this.trials - 1;
    let from = (depth - 1) * width;
    let at = depth * width;
    let own = path[depth] * width;
    for (let g = 0; g < points; g += 1) {
      const w = sums[from] + perTrial[own];
      const wy = sums[from + 1] + perTrial[own + 1];
      const w2 = sums[from + 2] + perTrial[own + 2];
      const w2y = sums[from + 3] + perTrial[own + 3];
      const w2yy = sums[from + 4] + perTrial[own + 4];
      // A subset with the last trial is nobody's parent.
      if (keep) {
        sums[at] = w;
        sums[at + 1] = wy;
        sums[at + 2] = w2;
        sums[at + 3] = w2y;
        sums[at + 4] = w2yy;
      }
      from += SCORE_SUMS;
      at += SCORE_SUMS;
      own += SCORE_SUMS;
      const inverse = 1 / w;
      const mean = wy * inverse;
      scores[g] = (w2yy - mean * (2 * w2y - mean * w2) - w + restricted * (w2 * inverse)) * inverse;
    }
  }

  /**
   * Where the score falls through zero: the point of the grid after it; 0 when it never does, so that the maximum is
   * at 0; -1 when there are several maxima or the grid cannot tell.
   */
  crossing() {
    const { scores } = this;
    const points = this.grid.length;
    let crossing = 0;
    let maxima = scores[0] <= 0 ? 1 : 0;
    if (Math.abs(scores[0]) <= ZERO_SCORE || scores[points - 1] > 0) return -1;
    let here = scores[0];
    let change = 0;
    for (let g = 1; g < points; g += 1) {
      const next = scores[g];
      const nextChange = next - here;
      // A minimum above zero or a maximum below it: the score may reach zero between two points of the grid.
      if (change * nextChange < 0 && change * here <= 0 && Math.abs(here) <= NEAR_ZERO * Math.abs(nextChange - change)) return -1;
      if (here > 0 && next <= 0) {
        maxima += 1;
        crossing = g;
      }
      here = next;
      change = nextChange;
    }
    if (maxima !== 1) return -1;
    return crossing;
  }

  /** The root from the points around it: tau2 as a cubic polynomial of score / sum w^2, which is nearly a straight line. */
  guess(crossing) {
    const { grid, scores, nearScore, nearTau2 } = this;
    const first = Math.max(0, Math.min(crossing - 2, grid.length - ROOT_POINTS));
    const width = grid.length * SCORE_SUMS;
    let from = (this.depth - 1) * width + first * SCORE_SUMS;
    let own = this.path[this.depth] * width + first * SCORE_SUMS;
    for (let j = 0; j < ROOT_POINTS; j += 1) {
      const ratio = (this.sums[from] + this.perTrial[own]) / (this.sums[from + 2] + this.perTrial[own + 2]);
      nearScore[j] = scores[first + j] * ratio;
      nearTau2[j] = grid[first + j];
      from += SCORE_SUMS;
      own += SCORE_SUMS;
    }
    // Neville's scheme, at score 0.
    for (let span = 1; span < ROOT_POINTS; span += 1) {
      for (let j = 0; j < ROOT_POINTS - span; j += 1) {
        nearTau2[j] = (nearScore[j + span] * nearTau2[j] - nearScore[j] * nearTau2[j + 1]) / (nearScore[j + span] - nearScore[j]);
      }
    }
    const left = grid[crossing - 1];
    const right = grid[crossing];
    this.found[FOUND_LEFT] = left;
    this.found[FOUND_RIGHT] = right;
    return nearTau2[0] > left && nearTau2[0] < right ? nearTau2[0] : 0.5 * (left + right);
  }

  /** From there to the root, by Newton's steps on score / sum w^2; a step that leaves the bracket is halved. */
  refine(restricted, start) {
    const { found, memberY, memberV, depth, smallest } = this;
    const centre = this.rows[depth * STACK_ROW + ROW_MEAN];
    let left = found[FOUND_LEFT];
    let right = found[FOUND_RIGHT];
    let tau2 = start;
    for (let count = 0; count < REFINING_STEPS; count += 1) {
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let t0 = 0;
      let t1 = 0;
      let t2 = 0;
      let u0 = 0;
      let u1 = 0;
      let u2 = 0;
      for (let i = 0; i < depth; i += 1) {
        const w = 1 / (memberV[i] + tau2);
        const d = memberY[i] - centre;
        const w2 = w * w;
        let p = w * d;
        let p2 = p * d;
        s0 += w;
        s1 += p;
        s2 += p2;
        p *= w;
        p2 *= w;
        t0 += w2;
        t1 += p;
        t2 += p2;
        u0 += w2 * w;
        u1 += w * p;
        u2 += w * p2;
      }
      const inverse = 1 / s0;
      const shift = s1 * inverse;
      const first = t1 - shift * t0;
      const second = t2 - shift * (2 * t1 - shift * t0);
      const third = u2 - shift * (2 * u1 - shift * u0);
      const ratio = t0 * inverse;
      const score = second - s0 + restricted * ratio;
      const slope = 2 * (first * first * inverse - third) + t0 + restricted * (ratio * ratio - 2 * u0 * inverse);
      if (score > 0) left = tau2;
      else right = tau2;
      const newton = tau2 - (score * t0) / (slope * t0 + 2 * score * u0);
      const step = newton - tau2;
      // At the end the rounding of the score may place the last step a little outside.
      if (Math.abs(step) <= LAST_TAU2_STEP * (smallest + tau2)) {
        // The last step by the derivatives of the sums; what is left out is of its third order.
        const weight = s0 - step * (t0 - step * u0);
        const weighted = s1 - step * (t1 - step * u1);
        found[FOUND_TAU2] = Math.max(0, newton);
        found[FOUND_WEIGHT] = weight;
        found[FOUND_MEAN] = centre + weighted / weight;
        found[FOUND_SCATTER] = s2 - step * (t2 - step * u2) - (weighted * weighted) / weight;
        return true;
      }
      tau2 = newton > left && newton < right ? newton : 0.5 * (left + right);
    }
    return false;
  }
}

/**
 * Values of tau2 for the likelihood of every subset: 0, and from far below any v to above any maximum.
 *
 * Where the score is 0, tau2 = sum w^2 (r^2 - v) / sum w^2 + 1 / sum w for REML, without the last term for ML. With two
 * trials or more this is at most 2 R^2 + the largest v, where R is the range of the effects.
 */
function scanPoints(y, v) {
  const low = LOWEST_TAU2 * Math.min(...v);
  const high = 0.5 * (Math.max(...y) - Math.min(...y)) ** 2 + Math.max(...v);
  const steps = Math.ceil(Math.log(high / low) / SCAN_STEP);
  return [0, ...Array.from({ length: steps + 1 }, (_, j) => low * Math.exp(SCAN_STEP * j))];
}
