import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded, significant } from "./formats.js";

// T cells against leukaemia: the counterpart of ratio.py, which gives the equations and what they leave out.

const RATIO_HORIZON = 60;
const RATIO_PER_DAY = 4;
const RATIO_BURDENS = [0.01, 100];
const RATIO_BURDEN_POINTS = 121;

function growthIntegral(rate, days) {
  return rate === 0 ? days : Math.expm1(rate * days) / rate;
}

function growthTime(rate, wanted) {
  return rate === 0 ? wanted : Math.log1p(rate * wanted) / rate;
}

function killingWork(values, days) {
  const g = Math.LN2 / values.leukaemia_doubling;
  const rho = Math.LN2 / values.t_cell_doubling;
  const expanding = Math.min(days, values.expansion_days);
  const rest = Math.max(0, days - expanding);
  return growthIntegral(rho - g, expanding) + Math.exp((rho - g) * expanding) * growthIntegral(-g, rest);
}

function clearanceDay(values, x) {
  if (x >= killingWork(values, values.acting_days)) return null;
  const g = Math.LN2 / values.leukaemia_doubling;
  const rho = Math.LN2 / values.t_cell_doubling;
  const expanding = Math.min(values.acting_days, values.expansion_days);
  const first = growthIntegral(rho - g, expanding);
  if (x <= first) return growthTime(rho - g, x);
  return expanding + growthTime(-g, (x - first) * Math.exp((g - rho) * expanding));
}

function leukaemiaLeft(values, x, day) {
  const g = Math.LN2 / values.leukaemia_doubling;
  const remaining = 1 - killingWork(values, Math.min(day, values.acting_days)) / x;
  return 100 * Math.exp(g * day) * Math.max(0, remaining);
}

function tCellsOn(values, day) {
  return 100 * 2 ** (Math.min(day, values.expansion_days) / values.t_cell_doubling);
}

function ratioResult(values, { wording }) {
  const now = values.targets * values.burden;
  const x = now / values.kills;
  const critical = values.kills * killingWork(values, values.acting_days);
  const cleared = clearanceDay(values, x);
  const days = Array.from({ length: RATIO_HORIZON * RATIO_PER_DAY + 1 }, (_, step) => step / RATIO_PER_DAY);
  const leukaemia = days.map((day) => [day, cleared !== null && day >= cleared ? 0 : leukaemiaLeft(values, x, day)]);
  const [lowestDay, lowest] = leukaemia.reduce((least, point) => (point[1] < least[1] ? point : least));
  const span = Math.log(RATIO_BURDENS[1] / RATIO_BURDENS[0]);
  const sizes = Array.from({ length: RATIO_BURDEN_POINTS }, (_, step) => RATIO_BURDENS[0] * Math.exp((span * step) / (RATIO_BURDEN_POINTS - 1)));
  const text = {
    now: significant(now),
    kills: significant(values.kills),
    critical: significant(critical),
    critical_burden: significant(critical / now),
    fold: significant(tCellsOn(values, values.expansion_days) / 100),
    day: cleared === null ? "–" : rounded(cleared),
    lowest: `${significant(lowest)} %`,
    lowest_day: rounded(lowestDay),
    acting: `${rounded(values.acting_days)} days`,
  };
  const course = fill(wording[lowest < 99.5 ? "held_back" : "never_down"], text);
  return {
    x,
    critical_targets: critical,
    cleared_day: cleared,
    leukaemia,
    t_cells: days.map((day) => [day, tCellsOn(values, day)]),
    clearances: sizes.map((size) => [size, clearanceDay(values, (x * size) / values.burden)]),
    unused: values.expansion_days === 0 ? ["t_cell_doubling"] : [],
    text,
    sentence: fill(wording[cleared === null ? "not_cleared" : "cleared"], { ...text, course }),
  };
}

function ratioCharts(result, values, { wording }) {
  const { text } = result;
  const cleared = result.cleared_day !== null;
  const limit = result.critical_targets / values.targets;
  const bands = limit < RATIO_BURDENS[1] ? [{ type: "band", x: [Math.max(limit, RATIO_BURDENS[0]), RATIO_BURDENS[1]], label: "not cleared" }] : [];
  return [
    {
      id: "course",
      title: cleared ? `The leukaemia is gone on day ${text.day}.` : "The leukaemia is not cleared.",
      description: `Leukaemia and T cells over ${RATIO_HORIZON} days, each in per cent of its start, on a logarithmic scale. ${fill(wording.expansion, text)} ${result.sentence}`,
      x: { title: "Days since the start of treatment", low: 0, high: RATIO_HORIZON },
      y: { title: "% of the start", low: 0.01, high: 100000, scale: "log", format: (value) => `${value >= 1 ? rounded(value) : significant(value, 1)} %` },
      layers: [
        { type: "band", x: [0, values.acting_days], label: "T cells kill" },
        { type: "line", points: result.t_cells, colour: "chemotherapy", dash: "dashed", label: "T cells" },
        { type: "line", points: result.leukaemia.map((point) => (point[1] > 0 ? point : [point[0], 0.001])), colour: "text", label: "leukaemia" },
      ],
      height: 260,
    },
    {
      id: "burden",
      title: `${fill(wording.burden_title, text)}.`,
      description: `The day of clearance by burden, from ${RATIO_BURDENS[0]} to ${RATIO_BURDENS[1]} times the reference, with the same T cells. The present burden is ${values.burden}; ${cleared ? `it is cleared on day ${text.day}` : "it is not cleared"}.`,
      x: { title: "Burden, times the reference", low: RATIO_BURDENS[0], high: RATIO_BURDENS[1], scale: "log" },
      y: { title: "Day of clearance", low: 0, high: values.acting_days },
      layers: [
        ...bands,
        { type: "line", points: [...result.clearances.filter(([, day]) => day !== null), [limit, values.acting_days]], colour: "text" },
        { type: "rule", x: values.burden, label: "your burden" },
        ...(cleared ? [{ type: "points", points: [[values.burden, result.cleared_day]], marker: "circle", colour: "text", size: 6 }] : []),
      ],
      height: 200,
    },
  ];
}

function ratioTables(result) {
  return [
    { caption: "leukaemia and T cells over time", name: "ratio-course", head: ["day", "leukaemia, % of the start", "T cells, % of the start"], rows: result.leukaemia.map(([day, left], position) => [day, left, result.t_cells[position][1]]) },
    { caption: "the day of clearance by burden", name: "ratio-burden", head: ["burden, times the reference", "day of clearance"], rows: result.clearances.map(([size, day]) => [size, day ?? "not cleared"]) },
  ];
}

defineModel("ratio", { result: ratioResult, charts: ratioCharts, tables: ratioTables });
