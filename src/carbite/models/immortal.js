import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// Immortal time: the counterpart of immortal.py, which gives the equations.

const IMMORTAL_HORIZON = 60;

function immortalTransplanted(h, w, t) {
  return t <= w ? 1 : Math.exp(-h * (t - w));
}

function immortalOthers(h, w, d, t) {
  const joined = d * Math.exp(-h * w);
  const alive = t < w ? Math.exp(-h * t) - joined : (1 - d) * Math.exp(-h * t);
  return alive / (1 - joined);
}

function immortalSentence(t, w, wording) {
  if (t <= w) return wording.before;
  return w === 0 ? wording.none : wording.sentence;
}

function immortalResult(values, { wording }) {
  const h = Math.LN2 / values.median;
  const [w, d, t] = [values.wait, values.donor / 100, values.month];
  const months = Array.from({ length: IMMORTAL_HORIZON + 1 }, (_, month) => month);
  const alive = Math.exp(-h * t);
  const seems = immortalTransplanted(h, w, t);
  const others = immortalOthers(h, w, d, t);
  const text = {
    month: rounded(t),
    wait: rounded(w),
    transplanted: rounded(100 * seems),
    others: rounded(100 * others),
    everyone: rounded(100 * alive),
    share: rounded(100 * d * Math.exp(-h * w)),
  };
  return {
    rate: h,
    transplanted: months.map((m) => [m, 100 * immortalTransplanted(h, w, m)]),
    others: months.map((m) => [m, 100 * immortalOthers(h, w, d, m)]),
    everyone: months.map((m) => [m, 100 * Math.exp(-h * m)]),
    gap: 100 * (seems - others),
    text,
    sentence: fill(immortalSentence(t, w, wording), text),
  };
}

function immortalCharts(result, values, { wording }) {
  const { text } = result;
  return [
    {
      id: "survival",
      title: `${fill(wording.title, text)}.`,
      description: `Three falling curves over ${IMMORTAL_HORIZON} months. Of those who were transplanted, nobody dies before month ${text.wait}, and ${text.transplanted} % are alive at ${text.month} months; of the others ${text.others} %; of everyone ${text.everyone} %.`,
      caption: "The level stretch at the start is the immortal time: whoever dies in it counts as not transplanted.",
      x: { title: "Months from the start", low: 0, high: IMMORTAL_HORIZON, ticks: [0, 12, 24, 36, 48, 60] },
      y: { title: "Alive", low: 0, high: 100, format: (value) => `${value} %` },
      layers: [
        { type: "band", x: [0, values.wait] },
        { type: "line", points: result.transplanted, colour: "bispecific", label: "transplanted" },
        { type: "line", points: result.everyone, colour: "text", dash: "dotted", label: "everyone" },
        { type: "line", points: result.others, colour: "bispecific", dash: "dashed", label: "not transplanted" },
        { type: "rule", x: values.month, label: `${text.month} months` },
      ],
      height: 280,
    },
  ];
}

function immortalTables(result) {
  return [
    {
      caption: "alive, counted from the start",
      name: "immortal-time",
      head: ["months", "transplanted, %", "not transplanted, %", "everyone, %"],
      rows: result.everyone.map(([month, share], position) => [month, result.transplanted[position][1], result.others[position][1], share]),
    },
  ];
}

defineModel("immortal", { result: immortalResult, charts: immortalCharts, tables: immortalTables });
