// Small sums and functions that a library gives Python.

export function sumOver(values, term) {
  let sumSoFar = 0;
  for (let i = 0; i < values.length; i += 1) sumSoFar += term(values[i], i);
  return sumSoFar;
}

/** The inverse of the log odds. */
export function expit(value) {
  return 1 / (1 + Math.exp(-value));
}
