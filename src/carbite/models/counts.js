import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// Which counts print as a percentage: the counterpart of counts.py, in whole numbers like consistent_events there.

/** First count that prints as the percentage, and the first above that does not; equal where none does. */
function countsThatFit(n, percent, decimals) {
  const scale = 100 * 10 ** decimals;
  const shown = Math.floor(Number(percent) * 10 ** decimals + 0.5);
  const from = Math.ceil(((2 * shown - 1) * n) / (2 * scale));
  const to = Math.ceil(((2 * shown + 1) * n) / (2 * scale));
  return [Math.max(from, 0), Math.min(to, n + 1)];
}

/** The smallest number of patients of which a count prints so. */
function smallestPatients(percent, decimals) {
  let patients = 1;
  for (let [from, to] = countsThatFit(patients, percent, decimals); to <= from; [from, to] = countsThatFit(patients, percent, decimals)) patients += 1;
  return patients;
}

function countsResult(values, { data, wording }) {
  const decimals = data.decimals[values.decimals];
  const n = values.n;
  const percent = rounded(values.percent, decimals);
  const [from, to] = countsThatFit(n, percent, decimals);
  const number = Math.max(0, to - from);
  const below = from - 1;
  const above = to;
  const near = [];
  for (let count = Math.max(0, below - data.around + 1); count <= Math.min(n, above + data.around - 1); count += 1) near.push([count, (100 * count) / n]);
  const tried = [];
  for (let patients = 1; patients <= data.tried; patients += 1) {
    const [first, end] = countsThatFit(patients, percent, decimals);
    tried.push([patients, Math.max(0, end - first)]);
  }
  const text = {
    percent: `${percent} %`,
    n: `${n}`,
    fits: number === 0 ? wording.none : number === 1 ? `${from}` : `${from} to ${to - 1}`,
    number: `${number}`,
    below: `${below}`,
    above: `${above}`,
    below_percent: `${rounded((100 * Math.max(below, 0)) / n, decimals)} %`,
    above_percent: `${rounded((100 * Math.min(above, n)) / n, decimals)} %`,
    tried: `${data.tried}`,
    possible: `${tried.filter(([, fitting]) => fitting > 0).length}`,
    smallest: `${smallestPatients(percent, decimals)}`,
  };
  const how = number === 0 ? "impossible" : number === 1 ? "single" : "several";
  return {
    fitting: Array.from({ length: number }, (_, position) => from + position),
    near,
    low: Number(percent) - 0.5 / 10 ** decimals,
    high: Number(percent) + 0.5 / 10 ** decimals,
    tried,
    text,
    sentence: fill(wording[how], text),
  };
}

function countsCharts(result, values, { data, wording }) {
  const { text } = result;
  const possible = result.tried.filter(([, fitting]) => fitting > 0);
  const fits = new Set(result.fitting);
  const shares = result.near.map(([, share]) => share);
  const first = result.near[0][0];
  const last = result.near.at(-1)[0];
  const asPercent = (value) => `${rounded(value, 1)} %`;
  return [
    {
      id: "counts",
      title: fill(wording[result.fitting.length ? "fit" : "gap"], text),
      description: `Counts of ${text.n} patients and their shares. ${result.near.map(([count, share]) => `${count}: ${asPercent(share)}${fits.has(count) ? ", fits" : ""}`).join("; ")}.`,
      caption: `Shaded: shares that print as ${text.percent}. Circles: counts that fit. Crosses: counts that do not.`,
      x: { title: "Count of patients", low: first - 0.5, high: last + 0.5, ticks: result.near.map(([count]) => count).filter((_, position, all) => position % Math.ceil(all.length / 9) === 0) },
      y: { title: "Share", low: Math.min(result.low, ...shares) - 0.3, high: Math.max(result.high, ...shares) + 0.3, format: asPercent },
      layers: [
        { type: "area", bounds: [[first - 0.5, result.low, result.high], [last + 0.5, result.low, result.high]], colour: "text" },
        { type: "points", points: result.near.filter(([count]) => !fits.has(count)), marker: "cross", colour: "text" },
        { type: "points", points: result.near.filter(([count]) => fits.has(count)), marker: "circle", colour: "text" },
      ],
      height: 220,
    },
    {
      id: "patients",
      title: `${fill(wording.possible, text)}.`,
      description: `Numbers of patients, up to ${text.tried}, of which ${text.percent} is possible: ${possible.map(([patients]) => patients).join(", ") || wording.none}.`,
      caption: "A mark for each number of patients of which a count prints so. From a hundred on, every whole percentage is possible, and the test shows nothing.",
      x: { title: "Number of patients", low: 0, high: data.tried },
      y: { title: "Counts that fit", low: 0, high: values.decimals === "whole" ? 3 : 2, ticks: [1, 2] },
      layers: [
        { type: "points", points: possible, marker: "circle", colour: "text" },
        ...(values.n <= data.tried ? [{ type: "rule", x: values.n, label: `${text.n} patients` }] : []),
      ],
      height: 160,
    },
  ];
}

function countsTables(result) {
  const fits = new Set(result.fitting);
  return [
    { caption: "counts and what they print as", name: "counts", head: ["count", "share, %", "fits"], rows: result.near.map(([count, share]) => [count, share, fits.has(count) ? "yes" : "no"]) },
    { caption: "numbers of patients of which the percentage is possible", name: "patients", head: ["patients", "counts that fit"], rows: result.tried },
  ];
}

defineModel("counts", { result: countsResult, charts: countsCharts, tables: countsTables });
