// The distribution functions behind the intervals, near machine precision and without dependencies.
//
// Everything rests on the regularised incomplete gamma and beta functions. Their leading factor is computed by
// Loader's saddle-point form, because a difference of large log-gamma values would lose digits.
// Sources: Loader 2000, "Fast and accurate computation of binomial probabilities"; NIST DLMF chapters 5 and 8.

const MAX_TERMS = 10000;
const MAX_NEWTON_STEPS = 100;
// Newton's error after a step is about the square of the step, so this step leaves nothing above rounding.
const NEWTON_STEP = 1e-10;
// Replaces a zero denominator in a continued fraction (Lentz's rule).
const TINY = 1e-300;

/**
 * Standard normal distribution function.
 * @param {number} z
 * @returns {number} P(Z <= z)
 */
export function normalCdf(z) {
  return cdfFromHalves(z, normalHalves);
}

/**
 * Standard normal quantile.
 * @param {number} p probability
 * @returns {number} z with P(Z <= z) = p; infinite for 0 and 1, NaN outside [0, 1]
 */
export function normalQuantile(p) {
  return quantileFromHalves(p, normalHalves);
}

/**
 * Student's t distribution function.
 * @param {number} t
 * @param {number} df degrees of freedom, any number of at least 1
 * @returns {number} P(T <= t)
 */
export function studentCdf(t, df) {
  return cdfFromHalves(t, (size) => studentHalves(size, df));
}

/**
 * Student's t quantile.
 * @param {number} p probability
 * @param {number} df degrees of freedom, any number of at least 1
 * @returns {number} t with P(T <= t) = p; infinite for 0 and 1, NaN outside [0, 1]
 */
export function studentQuantile(p, df) {
  return quantileFromHalves(p, (size) => studentHalves(size, df));
}

/**
 * Upper tail of the chi-squared distribution.
 * @param {number} x at least 0
 * @param {number} df degrees of freedom, at least 1
 * @returns {number} P(X > x)
 */
export function chiSquareUpperTail(x, df) {
  return gammaTails(df / 2, x / 2).upper;
}

/**
 * Exact (Clopper-Pearson) confidence interval of a proportion: the proportions that a binomial test of each
 * side does not reject. Source: Clopper & Pearson 1934, Biometrika 26:404.
 * @param {number} events patients with the event
 * @param {number} n patients counted
 * @param {number} [level] of the interval, between 0 and 1
 * @returns {[number, number]} lower and upper limit
 */
export function exactInterval(events, n, level = 0.95) {
  const tail = (1 - level) / 2;
  return [exactLowerLimit(events, n, tail), 1 - exactLowerLimit(n - events, n, tail)];
}

/**
 * log(n!) = log gamma(n + 1).
 * @param {number} n any number of at least 0
 * @returns {number}
 */
export function logFactorial(n) {
  return n === 0 ? 0 : stirlingError(n) + (n + 0.5) * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI);
}

// ---- symmetric distributions, seen as two halves -------------------------------------------------------
//
// For x >= 0, central = P(0 < X <= x) and tail = P(X > x), which add up to 1/2; each keeps its own relative
// accuracy. slope = x * density(x) is the derivative of central with respect to log x.

function normalHalves(z) {
  const { lower, upper, prefix } = gammaTails(0.5, (z * z) / 2);
  return { central: lower / 2, tail: upper / 2, slope: prefix / 2 };
}

function studentHalves(t, df) {
  const square = t * t;
  const { lower, upper, prefix } = betaTails(0.5, df / 2, 1 / (1 + df / square), 1 / (1 + square / df));
  return { central: lower / 2, tail: upper / 2, slope: prefix };
}

function cdfFromHalves(x, halvesAt) {
  if (Number.isNaN(x)) return NaN;
  const { central, tail } = halvesAt(Math.abs(x));
  return x < 0 ? tail : 0.5 + central;
}

/**
 * Newton's method for log x: on log(central) near the middle, on log(tail) further out. Both are concave in
 * log x, so the steps approach from one side, after at most one step past the root.
 */
function quantileFromHalves(p, halvesAt) {
  if (!(p > 0 && p < 1)) return p === 0 ? -Infinity : p === 1 ? Infinity : NaN;
  if (p === 0.5) return 0;
  const outside = Math.min(p, 1 - p);
  const inside = Math.abs(p - 0.5);
  // Both starts are bounds of the normal quantile: central <= x / sqrt(2 pi), tail <= exp(-x^2 / 2) / 2.
  let x = inside < 0.25 ? inside * Math.sqrt(2 * Math.PI) : Math.sqrt(-2 * Math.log(2 * outside));
  for (let count = 0; count < MAX_NEWTON_STEPS; count += 1) {
    const { central, tail, slope } = halvesAt(x);
    const step = (inside < 0.25 ? central * Math.log(inside / central) : tail * Math.log(tail / outside)) / slope;
    x *= Math.exp(step);
    if (Math.abs(step) < NEWTON_STEP) break;
  }
  return p < 0.5 ? -x : x;
}

/** The p with P(X >= events) = tail for X ~ Binomial(n, p): a beta quantile, by Newton's method for logit p. */
function exactLowerLimit(events, n, tail) {
  if (events === 0) return 0;
  const a = events;
  const b = n - events + 1;
  let logit = Math.log(a / b);
  // The logarithm of the beta distribution function is concave in logit p: one step past the root, then one side.
  for (let count = 0; count < MAX_NEWTON_STEPS; count += 1) {
    const { lower, prefix } = betaTails(a, b, 1 / (1 + Math.exp(-logit)), 1 / (1 + Math.exp(logit)));
    const step = (lower * Math.log(tail / lower)) / prefix;
    logit += step;
    if (Math.abs(step) < NEWTON_STEP) break;
  }
  return 1 / (1 + Math.exp(-logit));
}

// ---- incomplete gamma and beta -------------------------------------------------------------------------

/** Regularised incomplete gamma functions P(a, x) and Q(a, x), and prefix = x^a e^-x / gamma(a + 1). */
function gammaTails(a, x) {
  const prefix = Math.exp(-deviance(a, x) - stirlingError(a)) / Math.sqrt(2 * Math.PI * a);
  if (x < a + 1) {
    const lower = prefix * gammaSeries(a, x);
    return { lower, upper: 1 - lower, prefix };
  }
  const upper = prefix === 0 ? 0 : prefix * a * gammaFraction(a, x);
  return { lower: 1 - upper, upper, prefix };
}

/** sum over j of x^j / ((a + 1) ... (a + j)), DLMF 8.7.1. */
function gammaSeries(a, x) {
  let term = 1;
  let total = 1;
  for (let j = 1; j < MAX_TERMS && term > total * Number.EPSILON; j += 1) {
    term *= x / (a + j);
    total += term;
  }
  return total;
}

/** Upper incomplete gamma function without its factor x^a e^-x: the even part of DLMF 8.9.2. */
function gammaFraction(a, x) {
  return 1 / (x + 1 - a + continuedFraction((j) => j * (a - j), (j) => x + 2 * j + 1 - a));
}

/** Regularised incomplete beta functions I_x(a, b) and I_y(b, a) with y = 1 - x, and prefix = x^a y^b / B(a, b). */
function betaTails(a, b, x, y) {
  const prefix = betaPrefix(a, b, x, y);
  if (x < (a + 1) / (a + b + 2)) {
    const lower = prefix * betaFraction(a, b, x, y);
    return { lower, upper: 1 - lower, prefix };
  }
  const upper = prefix * betaFraction(b, a, y, x);
  return { lower: 1 - upper, upper, prefix };
}

function betaPrefix(a, b, x, y) {
  const n = a + b;
  const exponent = stirlingError(n) - stirlingError(a) - stirlingError(b) - deviance(a, n * x) - deviance(b, n * y);
  return Math.sqrt((a * b) / (2 * Math.PI * n)) * Math.exp(exponent);
}

/** I_x(a, b) without its factor x^a y^b / B(a, b): the even part of DLMF 8.17.22, with y = 1 - x used as it is. */
function betaFraction(a, b, x, y) {
  const numerator = (m) => ((a + m - 1) * (a + b + m - 1) * m * (b - m) * x * x) / (a + 2 * m - 1) ** 2;
  const denominator = (m) =>
    m + (m * (b - m) * x) / (a + 2 * m - 1) + ((a + m) * (a * y - b * x + 1 + m * (1 + y))) / (a + 2 * m + 1);
  return 1 / ((a * (a * y - b * x + 1)) / (a + 1) + continuedFraction(numerator, denominator));
}

/** n(1) / (d(1) + n(2) / (d(2) + ...)), by the modified Lentz method. */
function continuedFraction(numerator, denominator) {
  let value = TINY;
  let c = TINY;
  let d = 0;
  for (let j = 1; j < MAX_TERMS; j += 1) {
    d = denominator(j) + numerator(j) * d;
    c = denominator(j) + numerator(j) / c;
    d = 1 / (d === 0 ? TINY : d);
    c = c === 0 ? TINY : c;
    value *= c * d;
    if (Math.abs(c * d - 1) <= Number.EPSILON) break;
  }
  return value;
}

/** x log(x / m) + m - x, also where x is close to m and the terms cancel (Loader's bd0). */
function deviance(x, m) {
  if (m === 0 || m === Infinity) return Infinity;
  if (Math.abs(x - m) > 0.1 * (x + m)) return x * Math.log(x / m) + m - x;
  const ratioOff = (x - m) / (x + m);
  let total = (x - m) * ratioOff;
  let term = 2 * x * ratioOff;
  for (let j = 1; ; j += 1) {
    term *= ratioOff * ratioOff;
    const next = total + term / (2 * j + 1);
    if (next === total) return total;
    total = next;
  }
}

/** log gamma(z + 1) minus Stirling's formula (z + 1/2) log z - z + log(2 pi) / 2, for z > 0. */
function stirlingError(z) {
  let shifted = 0;
  // Up to where the series below is exact to rounding; each step adds the difference of two neighbours.
  for (; z < 16; z += 1) shifted += (z + 0.5) * Math.log1p(1 / z) - 1;
  const r = 1 / (z * z);
  // DLMF 5.11.1: Bernoulli numbers B(2j) / (2j (2j - 1)).
  return shifted + (1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - (r * 691) / 360360))))) / z;
}
