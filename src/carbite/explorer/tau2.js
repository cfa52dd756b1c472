import { sumOver } from "./arithmetic.js";
import { bracketedRoot, globalMaximum } from "./search.js";

// The variance between trials, tau2: one function for one arm and for several arms that share it.

export const TAU2 = ["EE", "DL", "REML", "ML", "PM", "HE", "SJ"];

// The grid of tau2 in units of the mean sampling variance: from e^-12 to e^12, neighbours 13 % apart.
const REML_GRID = Array.from({ length: 200 }, (_, j) => Math.exp(-12 + (24 * j) / 199));

/** The weighted mean, the sum of the weights, and the weighted sum of squares around the mean. */
export function meanAt({ y, v }, tau2) {
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

/** tau2 common to the arms, each with its own mean, and the number of local maxima of the likelihood. */
export function estimateTau2(arms, method) {
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
