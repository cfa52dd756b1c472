// Runs many calls of the browser's statistics at once: node parity.mjs calls.json answers.json
// calls.json holds [name, ...arguments] for each call; answers.json then holds {value} or {error} for each.

import { readFileSync, writeFileSync } from "node:fs";

import { glmm } from "../../src/carbite/explorer/binomial_normal.js";
import { contrast } from "../../src/carbite/explorer/difference.js";
import * as distributions from "../../src/carbite/explorer/distributions.js";
import { effectSizes } from "../../src/carbite/explorer/effects.js";
import { pool, poolEffects } from "../../src/carbite/explorer/pooled.js";

const functions = {
  ...distributions,
  effectSizes,
  pool,
  poolEffects,
  glmm,
  contrast: (a, b, options, rule) => contrast(pool(a.events, a.n, options), pool(b.events, b.n, options), rule),
  contrastOfArms: contrast,
};

function answer([name, ...args]) {
  try {
    return { value: functions[name](...args) };
  } catch (error) {
    return { error: error.message };
  }
}

// JSON has no NaN and no infinity; both ways they travel as their names.
const NAMES = ["NaN", "Infinity", "-Infinity"];
const named = (_, value) => (typeof value === "number" && !Number.isFinite(value) ? String(value) : value);
const unnamed = (_, value) => (NAMES.includes(value) ? Number(value) : value);

const [callsPath, answersPath] = process.argv.slice(2);
const calls = JSON.parse(readFileSync(callsPath, "utf8"), unnamed);
writeFileSync(answersPath, JSON.stringify(calls.map(answer), named));
