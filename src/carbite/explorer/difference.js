import { checkChoice, shown } from "./checks.js";
import { limitsAround, mapLimits, seFactor, twoSidedP } from "./intervals.js";
import { estimateTau2, meanAt } from "./tau2.js";

// The difference of two pooled arms: the counterpart of difference.py, which gives the formulas and their sources.

const CONTRAST_TAU2 = ["separate", "common"];

/**
 * The difference of two pooled arms, a minus b. tau2 holds the variance between trials in a and in b; odds_ratio
 * is exp of the estimate and the limits on the logit scale, null on the others.
 * @typedef {Limits & {se: number, p: number, df: ?number, tau2: [number, number], tau2_rule: string,
 *   odds_ratio: ?Limits}} Contrast
 */

/**
 * The difference a minus b of two arms that were pooled in the same way: each with its own tau2 and
 * Welch-Satterthwaite degrees of freedom (separate), or as one meta-regression on the arm with one tau2 (common).
 * @param {Pooled} a
 * @param {Pooled} b
 * @param {string} [tau2] separate or common
 * @returns {Contrast}
 * @throws {Error} when the arms differ in measure, tau2 method, interval or level, or tau2 is unknown
 */
export function contrast(a, b, tau2 = "separate") {
  checkChoice("tau2", tau2, CONTRAST_TAU2);
  for (const name of ["measure", "tau2_method", "interval", "level"]) {
    if (a[name] !== b[name]) {
      throw new Error(
        `a.${name} = ${shown(a[name])} and b.${name} = ${shown(b[name])}; ` +
          "expected two arms that were pooled in the same way",
      );
    }
  }
  const { estimate, se, df, tau2s } = tau2 === "separate" ? separateDifference(a, b) : commonDifference(a, b);
  const predictable = a.tau2_method !== "EE" && (tau2 === "common" || Math.min(a.k, b.k) > 1) && a.k + b.k > 2;
  const predictionSe = predictable ? Math.sqrt(se ** 2 + tau2s[0] + tau2s[1]) : NaN;
  const limits = limitsAround(estimate, a.level, df, se, predictionSe);
  return {
    ...limits,
    se,
    p: twoSidedP(estimate, se, df),
    df,
    tau2: tau2s,
    tau2_rule: tau2,
    odds_ratio: a.measure === "logit" ? mapLimits(limits, Math.exp) : null,
  };
}

function separateDifference(a, b) {
  return {
    estimate: a.estimate - b.estimate,
    se: Math.hypot(a.se, b.se),
    df: welchSatterthwaite(a, b),
    tau2s: [a.tau2, b.tau2],
  };
}

function commonDifference(a, b) {
  const arms = [a, b].map(({ yi, vi }) => ({ y: yi, v: vi }));
  const { tau2 } = estimateTau2(arms, a.tau2_method);
  const [inA, inB] = arms.map((arm) => meanAt(arm, tau2));
  const df = a.k + b.k - 2;
  return {
    estimate: inA.mean - inB.mean,
    se: Math.sqrt(1 / inA.weight + 1 / inB.weight) * seFactor(a.interval, inA.scatter + inB.scatter, df),
    df: a.interval === "z" ? null : df,
    tau2s: [tau2, tau2],
  };
}

/** The degrees of freedom of a - b; 0 where an arm has none, null for normal quantiles. */
function welchSatterthwaite(a, b) {
  if (a.df === null) return null;
  if (a.df === 0 || b.df === 0) return 0;
  const denominator = a.se ** 4 / a.df + b.se ** 4 / b.df;
  // Both arms without any scatter: the interval is a point for every df.
  return denominator > 0 ? (a.se ** 2 + b.se ** 2) ** 2 / denominator : a.df + b.df;
}
