import { sumOver } from "./arithmetic.js";
import { checkChoice, checkEffects, checkLevel } from "./checks.js";
import { chiSquareUpperTail } from "./distributions.js";
import { effectSizes, toProportion } from "./effects.js";
import { INTERVALS, limitsAround, mapLimits, seFactor } from "./intervals.js";
import { TAU2, estimateTau2, meanAt } from "./tau2.js";

// One pooled arm: the counterpart of pooled.py, which gives the formulas and their sources.

/**
 * One pooled arm on the scale of the analysis. se carries the adjustment of the interval; i2 and weights are
 * percentages; df is null for normal quantiles and 0 when one trial leaves none; optima is the number of local
 * maxima of the (restricted) likelihood; proportion is null when effects were given.
 * @typedef {Limits & {se: number, tau2: number, i2: number, h2: number, q: number, q_p: number, k: number,
 *   df: ?number, weights: number[], measure: ?string, tau2_method: string, interval: string, level: number,
 *   optima: number, proportion: ?Limits, yi: number[], vi: number[]}} Pooled
 */

/**
 * Pool proportions.
 * @param {number[]} events patients with the event, whole numbers
 * @param {number[]} n patients counted, whole numbers
 * @param {{measure?: string, tau2?: string, interval?: string, level?: number}} [options] one of MEASURES, of TAU2
 *   and of INTERVALS; the level of both intervals, between 0 and 1
 * @returns {Pooled}
 * @throws {Error} naming the argument, the position, the value and what was expected
 */
export function pool(
  events,
  n,
  { measure = "logit", tau2 = "REML", interval = "modified-hartung-knapp", level = 0.95 } = {},
) {
  const { yi, vi } = effectSizes(events, n, measure);
  const harmonicN = n.length / sumOver(n, (size) => 1 / size);
  const pooled = poolArm(yi, vi, tau2, interval, level);
  return { ...pooled, measure, proportion: mapLimits(pooled, (value) => toProportion(value, measure, harmonicN)) };
}

/**
 * Pool effects with their sampling variances.
 * @param {number[]} yi effects
 * @param {number[]} vi sampling variances, positive
 * @param {{tau2?: string, interval?: string, level?: number}} [options] one of TAU2 and of INTERVALS; the level of
 *   both intervals, between 0 and 1
 * @returns {Pooled}
 * @throws {Error} naming the argument, the position, the value and what was expected
 */
export function poolEffects(yi, vi, { tau2 = "REML", interval = "modified-hartung-knapp", level = 0.95 } = {}) {
  checkEffects(yi, vi);
  return poolArm([...yi], [...vi], tau2, interval, level);
}

function poolArm(yi, vi, method, interval, level) {
  checkChoice("tau2", method, TAU2);
  checkChoice("interval", interval, INTERVALS);
  checkLevel(level);
  const k = yi.length;
  const arm = { y: yi, v: vi };
  const { tau2, optima } = estimateTau2([arm], method);
  const { mean, weight, scatter } = meanAt(arm, tau2);
  const { weight: fixedWeight, scatter: q } = meanAt(arm, 0);
  const se = Math.sqrt(1 / weight) * seFactor(interval, scatter, k - 1);
  const df = interval === "z" ? null : k - 1;
  const predictionSe = method !== "EE" && k > 1 ? Math.sqrt(se ** 2 + tau2) : NaN;
  return {
    ...limitsAround(mean, level, df, se, predictionSe),
    se,
    tau2,
    ...heterogeneity(method, tau2, q, fixedWeight, vi),
    q,
    q_p: k > 1 ? chiSquareUpperTail(q, k - 1) : 1,
    k,
    df,
    weights: vi.map((v) => 100 / (v + tau2) / weight),
    measure: null,
    tau2_method: method,
    interval,
    level,
    optima,
    proportion: null,
    yi,
    vi,
  };
}

/** I2 in percent, and H2. */
function heterogeneity(method, tau2, q, weight, v) {
  const df = v.length - 1;
  if (df === 0) return { i2: 0, h2: 1 };
  if (method === "EE") return { i2: q > 0 ? 100 * Math.max(0, (q - df) / q) : 0, h2: q / df };
  const typical = df / (weight - sumOver(v, (value) => 1 / value ** 2) / weight);
  return { i2: (100 * tau2) / (typical + tau2), h2: 1 + tau2 / typical };
}
