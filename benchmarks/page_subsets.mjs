// Run by page_subsets.py: times of the page's fits of every subset, as JSON.

import { readFileSync } from "node:fs";

import { effectSizes } from "../src/carbite/explorer/effects.js";
import { pool } from "../src/carbite/explorer/pooled.js";
import { SubsetFits } from "../src/carbite/explorer/subsets.js";

const { events, n, methods, repeats, singles } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { yi, vi } = effectSizes(events, n);
// One trial counted by another denominator: what a reader changes most.
const changed = n.map((size, i) => (i === 2 ? size + 17 : size));
const after = effectSizes(events, changed);

/** The shortest of several runs, in ms. */
function shortest(work) {
  let best = Infinity;
  for (let run = 0; run < repeats; run += 1) {
    const start = performance.now();
    work();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function fitted(arm, method, before) {
  const fits = new SubsetFits(arm.yi, arm.vi, method, before);
  while (!fits.advance(4096));
  return fits;
}

/** The same subsets by one call of pool() each, a random share of them. */
function byPool(method) {
  for (let call = 0; call < singles; call += 1) {
    const mask = 1 + ((call * 9973) % (2 ** events.length - 1));
    const chosen = (counts) => counts.filter((_, i) => (mask >> i) & 1);
    pool(chosen(events), chosen(n), { tau2: method });
  }
}

const times = {};
for (const method of methods) {
  const start = performance.now();
  const fits = fitted({ yi, vi }, method);
  const first = performance.now() - start;
  times[method] = {
    first,
    all: shortest(() => fitted({ yi, vi }, method)),
    one_changed: shortest(() => fitted(after, method, fits)),
    one_pool: shortest(() => byPool(method)) / singles,
  };
}
console.log(JSON.stringify({ node: process.version, times }));
