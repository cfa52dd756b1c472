import { expit, sumOver } from "./arithmetic.js";
import { checkCounts, checkLevel } from "./checks.js";
import { momentsAt, nodesFor, rowOf } from "./integral.js";
import { limitsAround, mapLimits } from "./intervals.js";
import { globalMaximum } from "./search.js";

// The binomial-normal model: the counterpart of binomial_normal.py, which says more about it.

// The grid of tau2 on the logit scale, where the unit is absolute: from 0.0003 to 55, neighbours 65 % apart.
const GLMM_TAU2_GRID = Array.from({ length: 25 }, (_, j) => Math.exp(-8 + j / 2));

const MU_STEPS = 100;
// The search for mu ends at a step of this size; the error is less than its square.
const MU_STEP = 1e-12;
const MU_STEP_IN_SEARCH = 1e-7;

/**
 * A fit of the binomial-normal model, in log odds. se is from the joint information of mu and tau2,
 * se_given_tau2 as if tau2 were known.
 * @typedef {Limits & {se: number, se_given_tau2: number, tau2: number, loglik: number, loglik_tau0: number,
 *   optima: number, k: number, level: number, proportion: Limits}} Glmm
 */

/**
 * The binomial-normal model by maximum likelihood: x_i ~ Binomial(n_i, expit(mu + tau u_i)), u_i ~ Normal(0, 1).
 * No correction is needed for rows of 0 % or 100 %.
 * @param {number[]} events patients with the event, whole numbers
 * @param {number[]} n patients counted, whole numbers
 * @param {{level?: number}} [options] the level of both intervals, between 0 and 1
 * @returns {Glmm}
 * @throws {Error} for bad counts, and when every row is at 0 % or 100 %: there is no finite maximum then
 */
export function glmm(events, n, { level = 0.95 } = {}) {
  checkCounts(events, n);
  checkLevel(level);
  if (events.every((x, i) => x === 0 || x === n[i])) {
    throw new Error(
      "events and n: every row is at 0 % or 100 %, so the binomial-normal likelihood has no finite " +
        "maximum; expected at least one row with 0 < events < n",
    );
  }
  const rows = events.map((x, i) => rowOf(x, n[i]));
  const pooledShare = sumOver(events, (x) => x) / sumOver(n, (size) => size);
  // Each search for mu starts from the one before: that saves most of its steps and changes no result.
  let mu = Math.log(pooledShare / (1 - pooledShare));
  const maximumAt = (tau2, lastStep) => {
    const found = glmmMaximum(rows, mu, tau2, lastStep);
    mu = found.mu;
    return found;
  };
  // While tau2 is searched, the step that is left is put into the score to first order and not taken.
  const score = (tau2) => {
    const { moments, step } = maximumAt(tau2, MU_STEP_IN_SEARCH);
    return 0.5 * sumOver(moments, ({ m1, m2, m3 }) => m2 + step * (m3 - m1 * m2));
  };
  const loglik = (tau2) => sumOver(maximumAt(tau2, MU_STEP).moments, ({ logL }) => logL);
  const loglikTau0 = loglik(0);

  const { tau2, optima } = globalMaximum(score, loglik, GLMM_TAU2_GRID);
  const { moments } = maximumAt(tau2, MU_STEP);
  // Minus the second derivatives of the log likelihood; d/dtau2 is half of d^2/dmu^2 of the integral.
  const infoMu = -sumOver(moments, ({ m1, m2 }) => m2 - m1 ** 2);
  const infoCross = -sumOver(moments, ({ m1, m2, m3 }) => m3 - m1 * m2) / 2;
  const infoTau2 = -sumOver(moments, ({ m2, m4 }) => m4 - m2 ** 2) / 4;
  const known = 1 / Math.sqrt(infoMu);
  const se = tau2 === 0 ? known : 1 / Math.sqrt(infoMu - infoCross ** 2 / infoTau2);

  const limits = limitsAround(mu, level, null, se, rows.length > 1 ? Math.sqrt(se ** 2 + tau2) : NaN);
  return {
    ...limits,
    se,
    se_given_tau2: known,
    tau2,
    loglik: sumOver(moments, ({ logL }) => logL),
    loglik_tau0: loglikTau0,
    optima,
    k: rows.length,
    level,
    proportion: mapLimits(limits, expit),
  };
}

/**
 * The mu that maximises the likelihood at this tau2 (it is concave in mu), the moments there, and the step that would
 * come next, which is at most lastStep. The steps are Halley's: Newton's, corrected by the third derivative, which is
 * there anyway.
 */
function glmmMaximum(rows, start, tau2, lastStep) {
  // Far from the maximum the curvature is small and a full step would overshoot.
  const longest = Math.max(1, Math.sqrt(tau2));
  const nodes = nodesFor(Math.sqrt(tau2));
  let mu = start;
  for (let count = 1; ; count += 1) {
    const moments = rows.map((row) => momentsAt(row, mu, tau2, nodes));
    const slope = sumOver(moments, ({ m1 }) => m1);
    const curvature = sumOver(moments, ({ m1, m2 }) => m2 - m1 ** 2);
    const third = sumOver(moments, ({ m1, m2, m3 }) => m3 - 3 * m1 * m2 + 2 * m1 ** 3);
    const step = -slope / (curvature * Math.max(0.5, 1 - (slope * third) / (2 * curvature ** 2)));
    if (Math.abs(step) <= lastStep * longest || count === MU_STEPS) return { mu, moments, step };
    mu += Math.min(Math.max(step, -longest), longest);
  }
}
