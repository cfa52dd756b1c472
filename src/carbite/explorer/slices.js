// Work in slices, so that what a reader does next never waits for it.

// Long enough that the pauses between slices cost little, short enough that a key is answered at once.
const SLICE_MS = 8;

/**
 * Call advance until it returns true, in slices of SLICE_MS with the page's own work in between, then done.
 * @param {() => boolean} advance does a little, far less than a slice @param {() => void} done
 * @returns {() => void} abandons what is left
 */
export function inSlices(advance, done) {
  let due = setTimeout(slice);
  function slice() {
    const end = performance.now() + SLICE_MS;
    let finished = false;
    while (!finished && performance.now() < end) finished = advance();
    due = setTimeout(finished ? done : slice);
  }
  return () => clearTimeout(due);
}
