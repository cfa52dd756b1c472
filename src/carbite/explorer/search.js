// The highest of several maxima, and a bracketed root: the steps of search.py.

// A score that is smaller than this share of the largest one is 0 up to rounding.
const SCORE_ROUNDING = 1e-12;
// The bracketed search needs about ten steps; the rest is for brackets of a badly scaled function.
const ROOT_STEPS = 200;
// A relative width at which rounding of a double, not the bracket, limits a root.
const ROOT_WIDTH = 1e-15;

/**
 * The tau2 >= 0 with the highest log likelihood, and the number of local maxima.
 *
 * The score is evaluated at 0 and on the grid, which is extended by doubling until the score is no longer positive
 * at its end. Every change from a positive score to one that is not brackets a local maximum; 0 is one when the
 * score there is not positive.
 */
export function globalMaximum(score, loglik, grid) {
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
export function bracketedRoot(f, low, high) {
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
