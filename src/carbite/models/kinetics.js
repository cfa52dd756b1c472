import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// CAR T cells that expand and fade, as a picture: the counterpart of kinetics.py, which says what is known of them.

const CELLS_START = 1;
const CELLS_HORIZON = 365;
const CELLS_EVERY = 2;
const CELLS_PARALLEL = 1e-9;

function carCells(day, [peakDay, peak, halfLife]) {
  if (day <= peakDay) return CELLS_START * (peak / CELLS_START) ** (day / peakDay);
  return peak * 0.5 ** ((day - peakDay) / halfLife);
}

function cellsGone(limit, [peakDay, peak, halfLife]) {
  return peakDay + halfLife * Math.log2(peak / limit);
}

function cellsCrossing(cd28, bb) {
  const lead = (day) => Math.log(carCells(day, bb)) - Math.log(carCells(day, cd28));
  const [first, second] = [cd28[0], bb[0]].sort((a, b) => a - b);
  let found = null;
  for (const [start, end, isLast] of [[0, first, false], [first, second, false], [second, second + 1, true]]) {
    if (end <= start) continue;
    const before = lead(start);
    const after = lead(end);
    if (after - before > CELLS_PARALLEL && before < 0 && (after >= 0 || isLast)) found = start + ((end - start) * -before) / (after - before);
  }
  return found;
}

function kineticsResult(values, { data, wording }) {
  const cd28 = [values.cd28_peak_day, values.cd28_peak, values.cd28_half_life];
  const bb = [values.bb_peak_day, 100, values.bb_half_life];
  const cd28Gone = cellsGone(values.limit, cd28);
  const bbGone = cellsGone(values.limit, bb);
  const cross = cellsCrossing(cd28, bb);
  const text = {
    cd28_gone: rounded(cd28Gone),
    bb_gone: rounded(bbGone),
    cd28_gone_days: `${rounded(cd28Gone)} days`,
    bb_gone_days: `${rounded(bbGone)} days`,
    cycle: `${rounded(data.cycle_days)} days`,
    cross: cross === null ? "–" : rounded(cross),
    horizon: rounded(CELLS_HORIZON),
  };
  const days = Array.from({ length: Math.floor(CELLS_HORIZON / CELLS_EVERY) + 1 }, (_, position) => position * CELLS_EVERY);
  const shorter = bbGone > cd28Gone ? "longer" : "shorter";
  return {
    cd28: days.map((day) => [day, carCells(day, cd28)]),
    bb: days.map((day) => [day, carCells(day, bb)]),
    cd28_gone_day: cd28Gone,
    bb_gone_day: bbGone,
    cross_day: cross,
    finding: text.cd28_gone === text.bb_gone ? "same" : shorter,
    text,
    sentence: `${fill(wording.both, text)} ${cross === null ? wording.no_cross : fill(wording.cross, text)}`,
  };
}

function kineticsCharts(result, values, { data, wording }) {
  const { text } = result;
  return [{
    id: "cells",
    title: `${fill(wording[result.finding], text)}.`,
    description: `Cells over ${text.horizon} days on a logarithmic scale, in per cent of the peak of the cells with 4-1BB. CD28 peaks on day ${values.cd28_peak_day} at ${rounded(values.cd28_peak)} per cent and falls below the limit on day ${text.cd28_gone}; 4-1BB peaks on day ${values.bb_peak_day} and falls below it on day ${text.bb_gone}. The shaded stripe is one cycle of blinatumomab, ${text.cycle}.`,
    caption: "Schematic: every number of the curves is set by you or by us, none was measured.",
    x: { title: "Days since the infusion of cells, or the start of the pump", low: 0, high: CELLS_HORIZON },
    y: { title: "Cells, % of the 4-1BB peak", low: 0.01, high: 1000, scale: "log" },
    layers: [
      { type: "band", x: [0, data.cycle_days], label: "one cycle of the drug" },
      { type: "line", points: result.bb, colour: "car_t", dash: "dashed", label: "4-1BB" },
      { type: "line", points: result.cd28, colour: "car_t", marker: "circle", label: "CD28" },
      { type: "rule", y: values.limit, label: "limit", dash: "dotted" },
    ],
    height: 280,
  }];
}

function kineticsTables(result) {
  return [{ caption: "both kinds of cell over a year", name: "car-kinetics", head: ["day", "CD28, % of the 4-1BB peak", "4-1BB, % of its peak"], rows: result.cd28.map(([day, cells], position) => [day, cells, result.bb[position][1]]) }];
}

defineModel("kinetics", { result: kineticsResult, charts: kineticsCharts, tables: kineticsTables });
