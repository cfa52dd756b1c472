import { expit } from "./arithmetic.js";
import { logFactorial } from "./distributions.js";

// The likelihood of a row of the binomial-normal model: an integral over its random effect u, and its derivatives.

// Nodes of the integral: mode + width * sinh(s), s from -4 to 4 in equal steps. The step is 0.1 and shrinks as
// 0.2 / tau, because a row of 0 % or 100 % has an edge that is as narrow as 1 / tau.
const REACH = 4;
const FEWEST_STEPS = 40;
const FINER_ABOVE_TAU = 2;
// A node whose integrand is below e^-40 of its peak changes no digit of a sum.
const NEGLIGIBLE = -40;
// The mode only centres the nodes, so a step of this size ends its search; the error is less than its square.
const MODE_STEP = 1e-6;
const MODE_STEPS = 100;
// From here on the derivatives of a row's likelihood are taken in their second form, see momentsAt.
const HERMITE_FROM_TAU2 = 1;

/** x events among n patients, the log odds (infinite at 0 % and 100 %), the log of the binomial coefficient. */
export function rowOf(x, n) {
  const coefficient = logFactorial(n) - logFactorial(x) - logFactorial(n - x);
  return { x, n, observed: Math.log(x / (n - x)), coefficient };
}

/** The nodes from the mode outwards on the right, in units of the width, and their weights. */
export function nodesFor(tau) {
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
export function momentsAt(row, mu, tau2, { distances, weights }) {
  const { x, n, coefficient } = row;
  const tau = Math.sqrt(tau2);
  const { mode, width } = integrandMode(row, mu, tau2);
  const etaAtMode = mu + tau * mode;
  const peak = x * etaAtMode - n * softplus(etaAtMode) - 0.5 * mode * mode;

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

/**
 * Where the integrand is highest, and its width there.
 *
 * The mode of x log p + (n - x) log(1 - p) - u^2 / 2 solves u = tau (x - n p). With eta = mu + tau u this is the root
 * of tau^2 (x - n p) - (eta - mu), which falls, and bends at eta = 0 only. The root lies between mu and the observed
 * log odds. From the point between them that is next to 0, Newton's steps reach it from one side.
 */
function integrandMode({ x, n, observed }, mu, tau2) {
  let eta = Math.max(Math.min(mu, observed), Math.min(0, Math.max(mu, observed)));
  for (let count = 0; count < MODE_STEPS; count += 1) {
    const p = expit(eta);
    const step = (tau2 * (x - n * p) - (eta - mu)) / (1 + tau2 * n * p * (1 - p));
    eta += step;
    if (Math.abs(step) <= MODE_STEP) break;
  }
  const p = expit(eta);
  return { mode: Math.sqrt(tau2) * (x - n * p), width: 1 / Math.sqrt(1 + tau2 * n * p * (1 - p)) };
}

/** log(1 + exp(value)). */
function softplus(value) {
  return Math.max(0, value) + Math.log1p(Math.exp(-Math.abs(value)));
}
