// The page's fits of every subset: node subsets.mjs calls.json answers.json
// calls.json holds [name, ...arguments] for each call, answers.json what each returns.

import { readFileSync, writeFileSync } from "node:fs";

import { effectSizes } from "../../src/carbite/explorer/effects.js";
import { Gosh } from "../../src/carbite/explorer/gosh.js";
import { goshHtml } from "../../src/carbite/explorer/gosh_view.js";
import { PairCounts, sideOf } from "../../src/carbite/explorer/pairs.js";
import { SubsetFits } from "../../src/carbite/explorer/subsets.js";
import { comparisonOf, evaluate } from "../../src/carbite/explorer/verdict.js";

/** Fit all, so many at a time; how many subsets were fitted. */
function finish(fits, atOnce = 1000) {
  const fit = fits.fit.bind(fits);
  let fitted = 0;
  fits.fit = (mask) => { fitted += 1; fit(mask); };
  while (!fits.advance(atOnce));
  return fitted;
}

/** Arrays without the place of the empty subset. */
function columns(fits) {
  const names = ["estimate", "se", "tau2", "scatter", "q", "i2", "optima", "k"];
  return Object.fromEntries(names.map((name) => [name, Array.from(fits[name].subarray(1))]));
}

function fitted({ events, n }, measure, tau2) {
  const { yi, vi } = effectSizes(events, n, measure);
  const fits = new SubsetFits(yi, vi, tau2);
  finish(fits);
  return fits;
}

function verdictsOfPairs(armA, armB, { measure, tau2, interval, level, shift, fewest, start }) {
  const side = (arm, moved) => {
    const fits = fitted(arm, measure, tau2);
    const masks = Int32Array.from(fits.k.keys()).filter((mask) => mask > 0 && fits.k[mask] >= fewest);
    return sideOf(fits, masks, interval, moved);
  };
  const pairs = new PairCounts(side(armA, shift), side(armB, 0), interval, level, start);
  while (!pairs.advance(50));
  return { counts: Array.from(pairs.counts), fewest: pairs.choices.length ? pairs.fewest : null, choices: pairs.choices };
}

/** The summaries of states, one after another, by one Gosh: what the panel does while a reader tries things. */
function summaries(data, states) {
  const gosh = new Gosh(data);
  return states.map((state) => {
    const result = evaluate(data, state);
    gosh.begin(state, result);
    let slices = 1;
    while (!gosh.advance()) slices += 1;
    const { arms, ...rest } = gosh.summary;
    const shown = arms && Object.fromEntries(Object.entries(arms).map(([arm, about]) => [arm, { ...about, cells: Array.from(about.cells) }]));
    return { ...rest, arms: shown, slices, html: goshHtml(data, comparisonOf(data, state.comparison), state, result, gosh.summary) };
  });
}

const functions = {
  fits: (arm, measure, tau2) => columns(fitted(arm, measure, tau2)),
  fitsOfEffects(yi, vi, tau2) {
    const fits = new SubsetFits(yi, vi, tau2);
    finish(fits);
    return columns(fits);
  },
  refits(before, after, tau2) {
    const [old, next] = [before, after].map(({ events, n }) => effectSizes(events, n));
    const first = new SubsetFits(old.yi, old.vi, tau2);
    finish(first, 7);
    const again = new SubsetFits(next.yi, next.vi, tau2, first);
    const count = finish(again, 7);
    return { fitted: count, again: columns(again), anew: columns(fitted(after, "logit", tau2)) };
  },
  pairs: verdictsOfPairs,
  summaries,
};

function answer([name, ...args]) {
  try {
    return { value: functions[name](...args) };
  } catch (error) {
    return { error: error.message };
  }
}

const [callsPath, answersPath] = process.argv.slice(2);
const calls = JSON.parse(readFileSync(callsPath, "utf8"));
writeFileSync(answersPath, JSON.stringify(calls.map(answer)));
