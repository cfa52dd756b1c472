import { chiSquareUpperTail, logFactorial, normalCdf, normalQuantile, studentCdf, studentQuantile } from "./distributions.js";

// Pooling of single-arm proportions, and the difference between two pooled arms: the counterpart of pooling.py.
//
// Names, grids, searches and integration nodes are the same, and so are the results, to rounding; pooling.py
// gives the formulas and their sources. A number that does not exist is NaN, an object that does not is null.

export const MEASURES = ["logit", "freeman-tukey", "raw"];
export const TAU2 = ["EE", "DL", "REML", "ML", "PM", "HE", "SJ"];
export const INTERVALS = ["z", "hartung-knapp", "modified-hartung-knapp"];
const CONTRAST_TAU2 = ["separate", "common"];

// The grid of tau2 in units of the mean sampling variance: from e^-12 to e^12, neighbours 13 % apart.
const REML_GRID = Array.from({ length: 200 }, (_, j) => Math.exp(-12 + (24 * j) / 199));
// The grid of tau2 on the logit scale, where the unit is absolute: from 0.0003 to 55, neighbours 65 % apart.
const GLMM_GRID = Array.from({ length: 25 }, (_, j) => Math.exp(-8 + j / 2));
// The bracketed search needs about ten steps; the rest is for brackets of a badly scaled function.
const ROOT_STEPS = 200;
// A relative width at which rounding of a double, not the bracket, limits a root.
const ROOT_WIDTH = 1e-15;

// A score that is smaller than this share of the largest one is 0 up to rounding.
const SCORE_ROUNDING = 1e-12;
// Two effects that differ by less differ by rounding.
const SAME_EFFECT = 1e-12;
// Nodes of the binomial-normal integral: mode + width * sinh(s), s from -4 to 4 in equal steps. The step is 0.1 and
// shrinks as 0.2 / tau, because a row of 0 % or 100 % has an edge that is as narrow as 1 / tau.
const REACH = 4;
const FEWEST_STEPS = 40;
const FINER_ABOVE_TAU = 2;
// A node whose integrand is below e^-40 of its peak changes no digit of a sum.
const NEGLIGIBLE = -40;
// The mode only centres the nodes, so 30 halvings are enough.
const MODE_BISECTIONS = 30;
const MU_STEPS = 100;
// The search for mu ends at a step of this size; the error is less than its square.
const MU_STEP = 1e-12;
const MU_STEP_IN_SEARCH = 1e-7;
// From here on the derivatives of a row's likelihood are taken in their second form, see glmmMoments.
const HERMITE_FROM_TAU2 = 1;

/**
 * An estimate with its confidence (ci) and prediction (pi) limits.
 * @typedef {{estimate: number, ci_low: number, ci_high: number, pi_low: number, pi_high: number}} Limits
 */

/**
 * One pooled arm on the scale of the analysis. se carries the adjustment of the interval; i2 and weights are
 * percentages; df is null for normal quantiles and 0 when one trial leaves none; optima is the number of local
 * maxima of the (restricted) likelihood; proportion is null when effects were given.
 * @typedef {Limits & {se: number, tau2: number, i2: number, h2: number, q: number, q_p: number, k: number,
 *   df: ?number, weights: number[], measure: ?string, tau2_method: string, interval: string, level: number,
 *   optima: number, proportion: ?Limits, yi: number[], vi: number[]}} Pooled
 */

/**
 * The difference of two pooled arms, a minus b. tau2 holds the variance between trials in a and in b; odds_ratio
 * is exp of the estimate and the limits on the logit scale, null on the others.
 * @typedef {Limits & {se: number, p: number, df: ?number, tau2: [number, number], tau2_rule: string,
 *   odds_ratio: ?Limits}} Contrast
 */

/**
 * A fit of the binomial-normal model, in log odds. se is from the joint information of mu and tau2,
 * se_given_tau2 as if tau2 were known.
 * @typedef {Limits & {se: number, se_given_tau2: number, tau2: number, loglik: number, loglik_tau0: number,
 *   optima: number, k: number, level: number, proportion: Limits}} Glmm
 */

// ---- the public functions ------------------------------------------------------------------------------

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
  const spread = predictable ? Math.sqrt(se ** 2 + tau2s[0] + tau2s[1]) : NaN;
  const limits = limitsAround(estimate, twoSidedQuantile(a.level, df), se, spread);
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
  const logChoose = (all, some) => logFactorial(all) - logFactorial(some) - logFactorial(all - some);
  const rows = events.map((x, i) => ({ x, n: n[i], coefficient: logChoose(n[i], x) }));
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

  const { tau2, optima } = globalMaximum(score, loglik, GLMM_GRID);
  const { moments } = maximumAt(tau2, MU_STEP);
  // Minus the second derivatives of the log likelihood; d/dtau2 is half of d^2/dmu^2 of the integral.
  const infoMu = -sumOver(moments, ({ m1, m2 }) => m2 - m1 ** 2);
  const infoCross = -sumOver(moments, ({ m1, m2, m3 }) => m3 - m1 * m2) / 2;
  const infoTau2 = -sumOver(moments, ({ m2, m4 }) => m4 - m2 ** 2) / 4;
  const known = 1 / Math.sqrt(infoMu);
  const se = tau2 === 0 ? known : 1 / Math.sqrt(infoMu - infoCross ** 2 / infoTau2);

  const spread = rows.length > 1 ? Math.sqrt(se ** 2 + tau2) : NaN;
  const limits = limitsAround(mu, twoSidedQuantile(level, null), se, spread);
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

// ---- one pooled arm ------------------------------------------------------------------------------------

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
  const spread = method !== "EE" && k > 1 ? Math.sqrt(se ** 2 + tau2) : NaN;
  return {
    ...limitsAround(mean, twoSidedQuantile(level, df), se, spread),
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

/** The weighted mean, the sum of the weights, and the weighted sum of squares around the mean. */
function meanAt({ y, v }, tau2) {
  let weight = 0;
  let weighted = 0;
  for (let i = 0; i < y.length; i += 1) {
    const w = 1 / (v[i] + tau2);
    weight += w;
    weighted += w * (y[i] - y[0]);
  }
  // Seen from the first effect, so that equal effects have exactly that mean and no scatter by rounding.
  const mean = y[0] + weighted / weight;
  return { mean, weight, scatter: sumOver(y, (value, i) => (value - mean) ** 2 / (v[i] + tau2)) };
}

/** I2 in percent, and H2. */
function heterogeneity(method, tau2, q, weight, v) {
  const df = v.length - 1;
  if (df === 0) return { i2: 0, h2: 1 };
  if (method === "EE") return { i2: q > 0 ? 100 * Math.max(0, (q - df) / q) : 0, h2: q / df };
  const typical = df / (weight - sumOver(v, (value) => 1 / value ** 2) / weight);
  return { i2: (100 * tau2) / (typical + tau2), h2: 1 + tau2 / typical };
}

/** What the interval multiplies 1 / sqrt(sum w) by; 1 where no degree of freedom is left. */
function seFactor(interval, scatter, df) {
  if (interval === "z" || df === 0) return 1;
  return Math.sqrt(interval === "modified-hartung-knapp" ? Math.max(1, scatter / df) : scatter / df);
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

function welchSatterthwaite(a, b) {
  if (a.df === null) return null;
  if (a.df === 0 || b.df === 0) return 0;
  const denominator = a.se ** 4 / a.df + b.se ** 4 / b.df;
  // Both arms without any scatter: the interval is a point for every df.
  return denominator > 0 ? (a.se ** 2 + b.se ** 2) ** 2 / denominator : a.df + b.df;
}

/** The two-sided quantile: normal without df, NaN for df = 0. */
function twoSidedQuantile(level, df) {
  const upper = (1 + level) / 2;
  if (df === null) return normalQuantile(upper);
  return df > 0 ? studentQuantile(upper, df) : NaN;
}

function twoSidedP(estimate, se, df) {
  if (df === 0) return NaN;
  // Arms without any scatter, where a difference in the last bit is none.
  if (se === 0) return Math.abs(estimate) < SAME_EFFECT ? 1 : 0;
  const statistic = -Math.abs(estimate / se);
  return 2 * (df === null ? normalCdf(statistic) : studentCdf(statistic, df));
}

function limitsAround(estimate, quantile, se, spread) {
  return {
    estimate,
    ci_low: estimate - quantile * se,
    ci_high: estimate + quantile * se,
    pi_low: estimate - quantile * spread,
    pi_high: estimate + quantile * spread,
  };
}

/** The same limits on another scale. */
function mapLimits({ estimate, ci_low, ci_high, pi_low, pi_high }, change) {
  return {
    estimate: change(estimate),
    ci_low: change(ci_low),
    ci_high: change(ci_high),
    pi_low: change(pi_low),
    pi_high: change(pi_high),
  };
}

function toProportion(value, measure, n) {
  if (measure === "raw" || Number.isNaN(value)) return value;
  if (measure === "logit") return expit(value);
  // Values beyond those of 0 of n and n of n have no inverse; they are 0 and 1.
  if (value <= 0.5 * Math.asin(Math.sqrt(1 / (n + 1)))) return 0;
  if (value >= 0.5 * (Math.asin(Math.sqrt(n / (n + 1))) + Math.PI / 2)) return 1;
  const sine = Math.sin(2 * value);
  const root = Math.sqrt(Math.max(0, 1 - (sine + (sine - 1 / sine) / n) ** 2));
  return 0.5 * (1 - Math.sign(Math.cos(2 * value)) * root);
}

function expit(value) {
  return 1 / (1 + Math.exp(-value));
}

/** log(1 + exp(value)). */
function softplus(value) {
  return Math.max(0, value) + Math.log1p(Math.exp(-Math.abs(value)));
}

function sumOver(values, term) {
  let sumSoFar = 0;
  for (let i = 0; i < values.length; i += 1) sumSoFar += term(values[i], i);
  return sumSoFar;
}

// ---- tau2: one function for one arm and for several arms that share it ---------------------------------

/** tau2 common to the arms, each with its own mean, and the number of local maxima of the likelihood. */
function estimateTau2(arms, method) {
  const yAll = arms.flatMap(({ y }) => y);
  const vAll = arms.flatMap(({ v }) => v);
  const df = yAll.length - arms.length;
  if (method === "EE" || df === 0) return { tau2: 0, optima: 1 };
  if (method === "DL") {
    const q = sumOver(arms, (arm) => meanAt(arm, 0).scatter);
    const scale = sumOver(arms, ({ v }) => {
      const weight = sumOver(v, (value) => 1 / value);
      return weight - sumOver(v, (value) => 1 / value ** 2) / weight;
    });
    return { tau2: Math.max(0, (q - df) / scale), optima: 1 };
  }
  if (method === "HE") {
    const squares = sumOver(arms, ({ y }) => squaresAroundMean(y));
    const sampling = sumOver(arms, ({ v }) => sumOver(v, (value) => value) * (1 - 1 / v.length));
    return { tau2: Math.max(0, (squares - sampling) / df), optima: 1 };
  }
  if (method === "SJ") {
    // metafor starts from the scatter of all effects around one mean, also when there are groups.
    const start = squaresAroundMean(yAll) / yAll.length;
    return { tau2: (start * sumOver(arms, (arm) => meanAt(arm, start).scatter)) / df, optima: 1 };
  }
  const scale = sumOver(vAll, (value) => value) / vAll.length;
  if (method === "PM") return { tau2: pauleMandel(arms, df, scale), optima: 1 };
  const restricted = method === "REML";
  return globalMaximum(
    (tau2) => sumOver(arms, (arm) => scoreAt(arm, tau2, restricted)),
    (tau2) => sumOver(arms, (arm) => loglikAt(arm, tau2, restricted)),
    REML_GRID.map((unit) => scale * unit),
  );
}

function squaresAroundMean(y) {
  const mean = sumOver(y, (value) => value) / y.length;
  return sumOver(y, (value) => (value - mean) ** 2);
}

function pauleMandel(arms, df, scale) {
  const excess = (tau2) => sumOver(arms, (arm) => meanAt(arm, tau2).scatter) - df;
  if (excess(0) <= 0) return 0;
  let high = scale;
  while (excess(high) > 0) high *= 2;
  return bracketedRoot(excess, 0, high);
}

/** d/dtau2 of the (restricted) log likelihood of one arm. */
function scoreAt({ y, v }, tau2, restricted) {
  const { mean, weight } = meanAt({ y, v }, tau2);
  let fit = 0;
  let squaredWeights = 0;
  for (let i = 0; i < y.length; i += 1) {
    const w = 1 / (v[i] + tau2);
    fit += w * w * (y[i] - mean) ** 2;
    squaredWeights += w * w;
  }
  return 0.5 * (fit - (restricted ? weight - squaredWeights / weight : weight));
}

/** The (restricted) log likelihood of one arm, without its constant. */
function loglikAt({ y, v }, tau2, restricted) {
  const { weight, scatter } = meanAt({ y, v }, tau2);
  const value = -0.5 * (sumOver(v, (variance) => Math.log(variance + tau2)) + scatter);
  return restricted ? value - 0.5 * Math.log(weight) : value;
}

/**
 * The tau2 >= 0 with the highest log likelihood, and the number of local maxima.
 *
 * The score is evaluated at 0 and on the grid, which is extended by doubling until the score is no longer positive
 * at its end. Every change from a positive score to one that is not brackets a local maximum; 0 is one when the
 * score there is not positive.
 */
function globalMaximum(score, loglik, grid) {
  const points = [0, ...grid];
  const slopes = points.map(score);
  // With whole numbers the score at 0 can be exactly 0; the sign of its rounding must not decide anything.
  if (Math.abs(slopes[0]) <= SCORE_ROUNDING * Math.max(...slopes.map(Math.abs))) slopes[0] = 0;
  while (slopes.at(-1) > 0) {
    points.push(2 * points.at(-1));
    slopes.push(score(points.at(-1)));
  }
  const candidates = slopes[0] <= 0 ? [0] : [];
  for (let j = 0; j + 1 < points.length; j += 1) {
    if (slopes[j] > 0 && slopes[j + 1] <= 0) candidates.push(bracketedRoot(score, points[j], points[j + 1]));
  }
  const heights = candidates.map(loglik);
  return { tau2: candidates[heights.indexOf(Math.max(...heights))], optima: candidates.length };
}

/**
 * Where f, positive at low and not at high, changes sign, to the last bits of a double.
 *
 * Regula falsi with the Illinois rule: when the same end moves twice, the value kept at the other end is halved,
 * so that both ends close in. A step that rounding would place outside the bracket is a bisection.
 */
function bracketedRoot(f, low, high) {
  let fLow = f(low);
  let fHigh = f(high);
  let moved = "";
  for (let count = 0; count < ROOT_STEPS && high - low > ROOT_WIDTH * high; count += 1) {
    let middle = low + (high - low) * (fLow / (fLow - fHigh));
    if (!(low < middle && middle < high)) {
      middle = 0.5 * (low + high);
      if (!(low < middle && middle < high)) break;
    }
    const value = f(middle);
    if (value > 0) {
      if (moved === "low") fHigh *= 0.5;
      [low, fLow, moved] = [middle, value, "low"];
    } else {
      if (moved === "high") fLow *= 0.5;
      [high, fHigh, moved] = [middle, value, "high"];
    }
  }
  return 0.5 * (low + high);
}

// ---- the binomial-normal model -------------------------------------------------------------------------

/**
 * The mu that maximises the likelihood at this tau2 (it is concave in mu), the moments there, and the step that would
 * come next, which is at most lastStep. The steps are Halley's: Newton's, corrected by the third derivative, which is
 * there anyway.
 */
function glmmMaximum(rows, start, tau2, lastStep) {
  // Far from the maximum the curvature is small and a full step would overshoot.
  const longest = Math.max(1, Math.sqrt(tau2));
  const nodes = glmmNodes(Math.sqrt(tau2));
  let mu = start;
  for (let count = 1; ; count += 1) {
    const moments = rows.map((row) => glmmMoments(row, mu, tau2, nodes));
    const slope = sumOver(moments, ({ m1 }) => m1);
    const curvature = sumOver(moments, ({ m1, m2 }) => m2 - m1 ** 2);
    const third = sumOver(moments, ({ m1, m2, m3 }) => m3 - 3 * m1 * m2 + 2 * m1 ** 3);
    const step = -slope / (curvature * Math.max(0.5, 1 - (slope * third) / (2 * curvature ** 2)));
    if (Math.abs(step) <= lastStep * longest || count === MU_STEPS) return { mu, moments, step };
    mu += Math.min(Math.max(step, -longest), longest);
  }
}

/** The nodes from the mode outwards on the right, in units of the width, and their weights. */
function glmmNodes(tau) {
  const steps = Math.ceil(FEWEST_STEPS * Math.max(1, tau / FINER_ABOVE_TAU));
  const step = REACH / steps;
  const positions = Array.from({ length: steps + 1 }, (_, j) => step * j);
  return {
    distances: positions.map(Math.sinh),
    weights: positions.map((s) => (Math.cosh(s) * step) / Math.sqrt(2 * Math.PI)),
  };
}

/**
 * log L of one row and (d^j L / dmu^j) / L for j = 1 to 4.
 *
 * With s = x - n p and w = n p (1 - p) at a node, the derivatives of the integrand f are f times
 * s, s^2 - w, s^3 - 3 s w - w', s^4 - 6 s^2 w + 3 w^2 - 4 s w' - w'', where w' = w (1 - 2 p) and
 * w'' = w (1 - 6 p (1 - p)). Integrated by parts, they are f times the Hermite polynomials u, u^2 - 1, u^3 - 3 u,
 * u^4 - 6 u^2 + 3, divided by tau, tau^2, tau^3, tau^4. The first form loses digits when tau is large and the second
 * when it is small.
 */
function glmmMoments({ x, n, coefficient }, mu, tau2, { distances, weights }) {
  const tau = Math.sqrt(tau2);
  const mode = integrandMode(x, n, mu, tau);
  const atMode = expit(mu + tau * mode);
  const width = 1 / Math.sqrt(1 + tau2 * n * atMode * (1 - atMode));
  const peak = x * (mu + tau * mode) - n * softplus(mu + tau * mode) - 0.5 * mode * mode;

  let [l, m1, m2, m3, m4] = [0, 0, 0, 0, 0];
  // From the mode outwards on each side: beyond a negligible node all are negligible.
  for (const side of [1, -1]) {
    for (let j = side > 0 ? 0 : 1; j < distances.length; j += 1) {
      const u = mode + side * width * distances[j];
      const eta = mu + tau * u;
      const e = Math.exp(-Math.abs(eta));
      const height = x * eta - n * (Math.max(0, eta) + Math.log1p(e)) - 0.5 * u * u - peak;
      if (height < NEGLIGIBLE) break;
      const f = weights[j] * Math.exp(height);
      l += f;
      if (tau2 >= HERMITE_FROM_TAU2) {
        const u2 = u * u;
        m1 += (f * u) / tau;
        m2 += (f * (u2 - 1)) / tau2;
        m3 += (f * u * (u2 - 3)) / (tau2 * tau);
        m4 += (f * (u2 * u2 - 6 * u2 + 3)) / tau2 ** 2;
      } else {
        const p = (eta < 0 ? e : 1) / (1 + e);
        const s = x - n * p;
        const s2 = s * s;
        const w = n * p * (1 - p);
        const w1 = w * (1 - 2 * p);
        const w2 = w * (1 - 6 * p * (1 - p));
        m1 += f * s;
        m2 += f * (s2 - w);
        m3 += f * (s2 * s - 3 * s * w - w1);
        m4 += f * (s2 * s2 - 6 * s2 * w + 3 * w * w - 4 * s * w1 - w2);
      }
    }
  }
  return { logL: Math.log(l) + peak + Math.log(width) + coefficient, m1: m1 / l, m2: m2 / l, m3: m3 / l, m4: m4 / l };
}

/** The mode m of x log p + (n - x) log(1 - p) - u^2 / 2 solves u = tau (x - n p), which falls in u. */
function integrandMode(x, n, mu, tau) {
  let low = tau * (x - n);
  let high = tau * x;
  let mode = 0;
  for (let count = 0; count < MODE_BISECTIONS; count += 1) {
    mode = 0.5 * (low + high);
    if (tau * (x - n * expit(mu + tau * mode)) > mode) low = mode;
    else high = mode;
  }
  return mode;
}

// ---- checks of the input -------------------------------------------------------------------------------

function checkChoice(name, value, choices) {
  if (!choices.includes(value)) {
    throw new Error(`${name} = ${shown(value)}; expected one of ${choices.map(shown).join(", ")}`);
  }
}

function checkLevel(level) {
  if (!(typeof level === "number" && level > 0 && level < 1)) {
    throw new Error(`level = ${shown(level)}; expected a number between 0 and 1, such as 0.95`);
  }
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

function checkCounts(events, n) {
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

function checkEffects(yi, vi) {
  checkNumbers("yi", yi, "numbers");
  checkNumbers("vi", vi, "numbers");
  checkSameLength("yi", yi, "vi", vi);
  refuse("vi", vi, (value) => value <= 0, "a variance greater than 0");
}

/** A value in a message: text in quotes. */
function shown(value) {
  return typeof value === "string" ? `'${value}'` : String(value);
}
