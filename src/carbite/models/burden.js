import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// Case mix and the gap in remission: the counterpart of burden.py, which gives the equations and their sources.

/** Both arms for these values: shares and rates from 0 to 1. */
function burdenArms(values) {
  const [carT, bispecific] = ["car", "bispecific"].map((arm) => ({
    high: values[`${arm}_high`] / 100,
    crHigh: values[`${arm}_cr_high`] / 100,
    crLow: values[`${arm}_cr_low`] / 100,
  }));
  if (values.rates === "bispecific") return [{ ...bispecific, high: carT.high }, bispecific];
  if (values.rates === "car") return [carT, { ...carT, high: bispecific.high }];
  return [carT, bispecific];
}

function burdenRemission({ high, crHigh, crLow }) {
  return high * crHigh + (1 - high) * crLow;
}

function burdenContrast({ crHigh, crLow }) {
  return crLow - crHigh;
}

function burdenParts(carT, bispecific) {
  const difference = bispecific.high - carT.high;
  const share = (carT.high + bispecific.high) / 2;
  return {
    gap: burdenRemission(carT) - burdenRemission(bispecific),
    mix: (difference * (burdenContrast(carT) + burdenContrast(bispecific))) / 2,
    rates: share * (carT.crHigh - bispecific.crHigh) + (1 - share) * (carT.crLow - bispecific.crLow),
    at_car_t: difference * burdenContrast(carT),
    at_bispecific: difference * burdenContrast(bispecific),
  };
}

function burdenNeeded(gap, contrast) {
  return Math.abs(gap) > Math.abs(contrast) || contrast === 0 ? null : gap / contrast;
}

/** A rate in whole per cent. */
function burdenPercent(value) {
  return `${rounded(value)}\u00a0%`;
}

/** Percentage points, with a real minus sign. */
function burdenPoints(value, decimals = 1) {
  return `${rounded(value, decimals)}\u00a0points`.replace("-", "\u2212");
}

function burdenResult(values, { wording }) {
  const [carT, bispecific] = burdenArms(values);
  const parts = burdenParts(carT, bispecific);
  const ends = ({ crHigh, crLow }) => [crHigh, crLow];
  const common = values.common / 100;
  const contrasts = [burdenContrast(carT), burdenContrast(bispecific)];
  const contrast = Math.abs(contrasts[1]) > Math.abs(contrasts[0]) ? contrasts[1] : contrasts[0];
  const needed = burdenNeeded(values.seen / 100, contrast);
  const numbers = {
    car: 100 * burdenRemission(carT),
    bispecific: 100 * burdenRemission(bispecific),
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, 100 * part])),
    same: 100 * (burdenRemission({ ...carT, high: common }) - burdenRemission({ ...bispecific, high: common })),
    lowest: 100 * (Math.min(...ends(carT)) - Math.max(...ends(bispecific))),
    highest: 100 * (Math.max(...ends(carT)) - Math.min(...ends(bispecific))),
    most: 100 * Math.abs(contrast),
  };
  const text = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, (name === "car" || name === "bispecific" ? burdenPercent : burdenPoints)(value)]));
  for (const [name, value] of Object.entries(values)) {
    if (name !== "rates") text[name] = (name === "seen" ? burdenPoints : burdenPercent)(value);
  }
  const range = text.at_car_t === text.at_bispecific ? "" : fill(wording.range, text);
  text.needed = needed === null ? wording.cannot : fill(wording.can[needed < 0 ? "car" : "bispecific"], { needed: burdenPoints(100 * Math.abs(needed), 0) });
  text.whose = wording.whose[values.rates];
  const replaced = { own: [], bispecific: ["car"], car: ["bispecific"] }[values.rates];
  return {
    ...numbers,
    needed: needed === null ? null : 100 * needed,
    rates_used: [carT, bispecific].map((arm) => ends(arm).map((rate) => 100 * rate)),
    unused: replaced.flatMap((arm) => [`${arm}_cr_high`, `${arm}_cr_low`]),
    text,
    sentence: fill(wording.sentence, { ...text, range }),
  };
}

/** Axis limits in steps of 20 that hold every value. */
function burdenLimits(values) {
  return { low: Math.min(-20, ...values.map((value) => 20 * Math.floor(value / 20))), high: Math.max(60, ...values.map((value) => 20 * Math.ceil(value / 20))) };
}

function burdenCharts(result, values, { wording }) {
  const { arms, parts, alone } = wording.charts;
  const [car, bispecific] = result.rates_used;
  const apart = values.bispecific_high - values.car_high;
  const said = {
    ...result.text,
    car_at_high: burdenPercent(car[0]),
    car_at_low: burdenPercent(car[1]),
    bispecific_at_high: burdenPercent(bispecific[0]),
    bispecific_at_low: burdenPercent(bispecific[1]),
    most_car: burdenPoints(car[1] - car[0]),
    most_bispecific: burdenPoints(bispecific[1] - bispecific[0]),
    apart: burdenPoints(apart),
  };
  const titled = (id, chart) => ({ id, title: `${fill(chart.title, said)}.`, description: fill(chart.description, said), caption: chart.caption });
  const armRow = (label, colour, marker, [high, low], at, text) => ({
    label,
    spans: [{ from: high, to: low, colour, hatched: true }],
    marks: [{ at, marker, colour, text }],
  });
  const same = values.rates !== "own";
  const lines = [
    { points: [[0, 0], [100, car[1] - car[0]]], colour: "car_t", label: alone.car, dash: "dashed" },
    { points: [[0, 0], [100, bispecific[1] - bispecific[0]]], colour: "bispecific", label: alone.bispecific },
  ].filter((_, position) => !same || position === (values.rates === "car" ? 0 : 1));
  const reached = lines.map(({ points }) => points[1][1]);
  return [
    {
      ...titled("arms", arms),
      x: { title: arms.axis, low: 0, high: 100 },
      rows: [
        armRow(arms.car, "car_t", "circle", car, result.car, result.text.car),
        armRow(arms.bispecific, "bispecific", "diamond", bispecific, result.bispecific, result.text.bispecific),
      ],
    },
    {
      ...titled("parts", parts),
      x: { title: parts.axis, ...burdenLimits([result.mix, result.gap]) },
      rows: [
        { label: parts.mix, spans: [{ from: 0, to: result.mix, text: result.text.mix, hatched: true }] },
        { label: parts.rates, spans: [{ from: result.mix, to: result.gap, text: result.text.rates }] },
        { label: parts.gap, spans: [{ from: 0, to: result.gap, text: result.text.gap }] },
      ],
      connected: true,
    },
    {
      ...titled("alone", alone),
      x: { title: alone.x, low: 0, high: 100 },
      y: { title: alone.y, ...burdenLimits([...reached, values.seen]), low: Math.min(0, ...reached) },
      layers: [
        ...lines.map((line) => ({ type: "line", ...line })),
        { type: "rule", y: values.seen, label: alone.seen },
        ...(apart >= 0 ? [{ type: "rule", x: apart, label: alone.here, dash: "dotted" }] : []),
      ],
      height: 240,
    },
  ];
}

function burdenTables(result, values, { wording }) {
  const { caption, name, head, rows, percent, points } = wording.table;
  return [{ caption, name, head, rows: Object.entries(rows).map(([key, label]) => [label, result[key], ["car", "bispecific"].includes(key) ? percent : points]) }];
}

defineModel("burden", { result: burdenResult, charts: burdenCharts, tables: burdenTables });
