import { normalCdf, normalQuantile, studentCdf, studentQuantile } from "./distributions.js";

// Confidence and prediction intervals, and p-values. A limit that does not exist is NaN.

export const INTERVALS = ["z", "hartung-knapp", "modified-hartung-knapp"];

// Two effects that differ by less differ by rounding.
const SAME_EFFECT = 1e-12;

/**
 * An estimate with its confidence (ci) and prediction (pi) limits.
 * @typedef {{estimate: number, ci_low: number, ci_high: number, pi_low: number, pi_high: number}} Limits
 */

/** estimate -+ quantile * se, and the same with predictionSe, which is NaN where nothing is predicted. */
export function limitsAround(estimate, level, df, se, predictionSe) {
  const quantile = twoSidedQuantile(level, df);
  return {
    estimate,
    ci_low: estimate - quantile * se,
    ci_high: estimate + quantile * se,
    pi_low: estimate - quantile * predictionSe,
    pi_high: estimate + quantile * predictionSe,
  };
}

/** The same limits on another scale. */
export function mapLimits({ estimate, ci_low, ci_high, pi_low, pi_high }, change) {
  return {
    estimate: change(estimate),
    ci_low: change(ci_low),
    ci_high: change(ci_high),
    pi_low: change(pi_low),
    pi_high: change(pi_high),
  };
}

/** What the interval multiplies 1 / sqrt(sum w) by; 1 where no degree of freedom is left. */
export function seFactor(interval, scatter, df) {
  if (interval === "z" || df === 0) return 1;
  return Math.sqrt(interval === "modified-hartung-knapp" ? Math.max(1, scatter / df) : scatter / df);
}

/** Of "no difference": by a normal without df, NaN for df = 0. */
export function twoSidedP(estimate, se, df) {
  if (df === 0) return NaN;
  // Arms without any scatter, where a difference in the last bit is none.
  if (se === 0) return Math.abs(estimate) < SAME_EFFECT ? 1 : 0;
  const statistic = -Math.abs(estimate / se);
  return 2 * (df === null ? normalCdf(statistic) : studentCdf(statistic, df));
}

/** The two-sided quantile: normal without df, NaN for df = 0. */
function twoSidedQuantile(level, df) {
  const upper = (1 + level) / 2;
  if (df === null) return normalQuantile(upper);
  return df > 0 ? studentQuantile(upper, df) : NaN;
}
