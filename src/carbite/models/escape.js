import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded, significant } from "./formats.js";

// Escape from an antigen: the counterpart of escape.py, which gives the equations and their sources.

const ESCAPE_DAYS_PER_WEEK = 7;
const ESCAPE_TINY_PERCENT = 0.001;
const ESCAPE_POWERS = Array.from({ length: 29 }, (_, step) => 6 + 0.25 * step);
const ESCAPE_STRATEGIES = ["single", "in_turn", "at_once"];

function escapeCleared({ decline: c, net: r }, onDays, offDays) {
  if (offDays === 0) return { cellDays: 1 / c, moment: 1 / c ** 2 };
  const left = Math.exp(-c * onDays);
  const cycle = onDays + offDays;
  const remaining = left * Math.exp(r * offDays);
  if (c * onDays <= r * offDays) throw new Error("in the pauses the leukaemia grows more than it shrinks between them; shorten the pauses");
  const grown = Math.expm1(r * offDays) / r;
  const once = (1 - left) / c + left * grown;
  const first = (1 - left * (1 + c * onDays)) / c ** 2;
  const later = left * (onDays * grown + (offDays * Math.exp(r * offDays)) / r - grown / r);
  const lost = 1 - remaining;
  return { cellDays: once / lost, moment: (first + later) / lost + (cycle * remaining * once) / lost ** 2 };
}

function escapeOneStep(cells, growth, treated) {
  return cells * (1 + growth.net * treated.cellDays);
}

function escapeTwoSteps(cells, { birth: b, net: r }, treated) {
  const before = (b / r) * (cells * Math.log(cells) - cells + 1);
  const during = r * cells * ((b / r) * Math.log(cells) * treated.cellDays + b * treated.moment);
  return before + during;
}

function escapePresent(cells, loss, { birth, death }) {
  const dying = death / birth;
  const factor = dying === 0 ? 1 : -Math.log1p(-dying) / dying;
  return -Math.expm1(-loss * cells * factor);
}

/** The probability of escape from each strategy; where the second attack fails it is as with one target. */
function escapeShares(cells, regrown, { cd19, second, shared }, growth, treated, failing) {
  const allLosses = cd19 * escapeOneStep(cells, growth, treated);
  const twice = cd19 * second * escapeTwoSteps(cells, growth, treated);
  const both = shared * allLosses + (1 - shared) * twice;
  const alone = (1 - shared) * Math.max(0, allLosses - twice);
  const again = second * escapeOneStep(regrown, growth, treated);
  const single = -Math.expm1(-allLosses);
  const inTurn = 1 - Math.exp(-both) * (Math.exp(-alone) - Math.expm1(-alone) * Math.exp(-again));
  const atOnce = -Math.expm1(-both - (1 - shared) * twice);
  const mixed = (each) => failing * single + (1 - failing) * each;
  return { single: mixed(single), in_turn: mixed(inTurn), at_once: mixed(atOnce) };
}

/** A share from 0 to 1 in per cent, with few digits where it is small. */
function escapePercent(share, wording) {
  const value = 100 * share;
  if (value > 0 && value < ESCAPE_TINY_PERCENT) return fill(wording.tiny, { limit: `${significant(ESCAPE_TINY_PERCENT, 1)}\u00a0%` });
  return `${value >= 10 ? rounded(value) : significant(value)}\u00a0%`;
}

/** A number with one decimal, or none where it is nought. */
function escapePlain(value) {
  return rounded(value, 1).replace(/\.0$/, "");
}

function escapeResult(values, { wording }) {
  const birth = values.birth / 100;
  const death = (birth * values.death) / 100;
  const growth = { birth, death, net: birth - death, decline: Math.log(10) / values.fall };
  const treated = escapeCleared(growth, ESCAPE_DAYS_PER_WEEK * values.on_weeks, ESCAPE_DAYS_PER_WEEK * values.off_weeks);
  const losses = { cd19: 10 ** -values.loss, second: 10 ** -values.second, shared: values.shared / 100 };
  const regrown = 10 ** values.regrown;
  const at = (cells) => escapeShares(cells, regrown, losses, growth, treated, values.failing / 100);
  const cells = 10 ** values.cells;
  const escapes = at(cells);
  const curves = ESCAPE_POWERS.map((power) => [10 ** power, at(10 ** power)]);
  const response = values.response / 100;
  const kept = values.kept / 100;
  const lost = response * (1 - kept) * escapes.single;
  const relapses = lost + response * kept;
  const numbers = {
    ...escapes,
    present: escapePresent(cells, losses.cd19, growth),
    before: 1 / (1 + growth.net * treated.cellDays),
    no_response: 1 - response,
    kept: response * kept,
    lost,
    well: Math.max(0, response - relapses),
    of_relapses: relapses > 0 ? lost / relapses : 0,
    of_responders: (1 - kept) * escapes.single,
  };
  const days = Math.log(regrown) / growth.net;
  const text = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, escapePercent(value, wording)]));
  for (const name of ["cells", "loss", "second"]) text[name] = fill(wording.power, { number: escapePlain(values[name]) });
  text.response = escapePercent(response, wording);
  text.failing = escapePercent(values.failing / 100, wording);
  text.fall = escapePlain(values.fall);
  text.regrowth_days = significant(days);
  return {
    ...numbers,
    regrowth_days: days,
    curves: Object.fromEntries(ESCAPE_STRATEGIES.map((name) => [name, curves.map(([x, each]) => [x, 100 * each[name]])])),
    unused: values.off_weeks === 0 ? ["on_weeks"] : [],
    text,
    sentence: fill(wording.sentence, text),
  };
}

function escapeCharts(result, values, { wording }) {
  const { strategies, cells, treated } = wording.charts;
  const titled = (id, chart) => ({ id, title: `${fill(chart.title, result.text)}.`, description: fill(chart.description, result.text), caption: chart.caption });
  const bar = (name, said) => ({ label: said[name], spans: [{ from: 0, to: 100 * result[name], text: result.text[name] }] });
  const most = Math.max(...ESCAPE_STRATEGIES.map((name) => 100 * result[name]));
  const looks = { single: { dash: "solid", marker: "circle" }, in_turn: { dash: "dashed", marker: "triangle" }, at_once: { dash: "dotted", marker: "square" } };
  return [
    {
      ...titled("strategies", strategies),
      x: { title: strategies.axis, low: 0, high: most > 50 ? 100 : most > 10 ? 50 : 10 },
      rows: ESCAPE_STRATEGIES.map((name) => bar(name, strategies)),
    },
    {
      ...titled("cells", cells),
      x: { title: cells.x, low: 10 ** ESCAPE_POWERS[0], high: 10 ** ESCAPE_POWERS.at(-1), scale: "log", format: (value) => `10^${Math.round(Math.log10(value))}` },
      y: { title: cells.y, low: 0, high: 100 },
      layers: [
        ...ESCAPE_STRATEGIES.map((name) => ({ type: "line", points: result.curves[name], label: strategies[name], ...looks[name] })),
        { type: "rule", x: 10 ** values.cells, label: cells.here },
      ],
      height: 260,
    },
    {
      ...titled("treated", treated),
      x: { title: treated.axis, low: 0, high: 100 },
      rows: ["no_response", "kept", "lost", "well"].map((name) => bar(name, treated)),
    },
  ];
}

function escapeTables(result, values, { wording }) {
  const { numbers, curves } = wording.tables;
  return [
    { caption: numbers.caption, name: numbers.name, head: numbers.head, rows: Object.entries(numbers.rows).map(([name, label]) => [label, 100 * result[name]]) },
    { caption: curves.caption, name: curves.name, head: curves.head, rows: result.curves.single.map(([x, share], position) => [x, share, result.curves.in_turn[position][1], result.curves.at_once[position][1]]) },
  ];
}

defineModel("escape", { result: escapeResult, charts: escapeCharts, tables: escapeTables });
