import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { normalDraws } from "./draws.js";
import { rounded } from "./formats.js";

// Cost and quality-adjusted life-years: the counterpart of cost.py, which gives the equations, sources and fits.

const COST_MONTHS = 12;
const COST_ARMS = ["car_t", "bispecific"];
const COST_DRAWS = 10000;
const COST_POINTS = 400;
const COST_THRESHOLDS = Array.from({ length: 41 }, (_, step) => 5000 * step);
const COST_SWING = 0.25;
const TORNADO_ROWS = 8;
const COST_RATES = Array.from({ length: 25 }, (_, step) => step / 4);
const UNCERTAIN_SHARES = ["cure_car_t", "cure_bispecific", "utility_cured", "utility_uncured"];
const UNCERTAIN = [...UNCERTAIN_SHARES, "other_car_t", "other_bispecific", "days_car_t", "days_bispecific"];
const COST_PARTS = { product: "the product", hospital: "hospital and intensive care", transplant: "transplants", igg: "immunoglobulin", other: "all other costs (fitted)" };

function annuity(rate, years) {
  return rate > 0 ? -Math.expm1(-rate * years) / rate : years;
}

function continuousRate(percent) {
  return Math.log1p(percent / 100);
}

function costParts(arm, values) {
  return {
    product: values[`price_${arm}`] * values[`units_${arm}`],
    hospital: values[`days_${arm}`] * values.cost_day + values[`icu_${arm}`] * values.cost_icu,
    transplant: (values[`transplant_${arm}`] / 100) * values.cost_transplant,
    igg: values.cost_igg * COST_MONTHS * annuity(continuousRate(values.discount_costs), values[`igg_${arm}`] / COST_MONTHS),
    other: values[`other_${arm}`],
  };
}

function lifeQalys(values) {
  const rate = continuousRate(values.discount_effects);
  const death = Math.LN2 / (values.median / COST_MONTHS);
  return [values.utility_cured * annuity(rate, values.years), values.utility_uncured * annuity(rate + death, values.years)];
}

function costStrategy(arm, values) {
  const [cured, uncured] = lifeQalys(values);
  const share = values[`cure_${arm}`] / 100;
  const parts = costParts(arm, values);
  return { cost: Object.values(parts).reduce((sum, part) => sum + part, 0), qalys: share * cured + (1 - share) * uncured, parts };
}

function costGain(values) {
  const [carT, bispecific] = COST_ARMS.map((arm) => costStrategy(arm, values));
  return [carT.cost - bispecific.cost, carT.qalys - bispecific.qalys];
}

function netBenefit(values) {
  const [more, gained] = costGain(values);
  return values.threshold * gained - more;
}

/** [QALYs gained, extra cost] of each draw. */
function drawnGains(values) {
  const deviates = normalDraws(COST_DRAWS, UNCERTAIN.length);
  const spread = values.spread / 100;
  const drawn = { ...values };
  const gains = [];
  for (let draw = 0; draw < COST_DRAWS; draw += 1) {
    UNCERTAIN.forEach((name, column) => {
      const factor = Math.exp(spread * deviates[draw * UNCERTAIN.length + column]);
      if (!UNCERTAIN_SHARES.includes(name)) {
        drawn[name] = values[name] * factor;
        return;
      }
      const scale = name.startsWith("cure") ? 100 : 1;
      const share = values[name] / scale;
      const odds = share * factor;
      drawn[name] = (scale * odds) / (1 - share + odds);
    });
    const [more, gained] = costGain(drawn);
    gains.push([gained, more]);
  }
  return gains;
}

function costTornado(values, parameters) {
  const within = (parameter, value) => Math.min(Math.max(value, parameter.low), parameter.high);
  return parameters
    .filter(({ name }) => name !== "threshold" && name !== "spread" && values[name] !== 0)
    .map((parameter) => {
      const [low, high] = [1 - COST_SWING, 1 + COST_SWING].map((factor) => within(parameter, values[parameter.name] * factor));
      const [atLow, atHigh] = [low, high].map((end) => netBenefit({ ...values, [parameter.name]: end }));
      return { name: parameter.name, low, high, at_low: atLow, at_high: atHigh };
    })
    .sort((a, b) => tornadoWidth(b) - tornadoWidth(a))
    .slice(0, TORNADO_ROWS);
}

function tornadoWidth(row) {
  return Math.round(1000 * Math.abs(row.at_high - row.at_low)) / 1000;
}

function openFit(values, qalys) {
  const fits = { car_t: [], bispecific: [] };
  for (const percent of COST_RATES) {
    const [cured, uncured] = lifeQalys({ ...values, discount_effects: percent });
    for (const arm of COST_ARMS) {
      const share = cured > uncured ? (100 * (qalys[arm] - uncured)) / (cured - uncured) : Infinity;
      fits[arm].push([percent, share >= 0 && share <= 100 ? share : null]);
    }
  }
  return fits;
}

function costKind(more, gained, benefit) {
  if (gained > 0) return more <= 0 ? "dominant" : benefit > 0 ? "worth" : "dear";
  return more >= 0 ? "dominated" : "trade";
}

function costResult(values, { data, wording, parameters }) {
  const strategies = Object.fromEntries(COST_ARMS.map((arm) => [arm, costStrategy(arm, values)]));
  const [more, gained] = costGain(values);
  const gains = drawnGains(values);
  const favouring = (threshold) => (100 * gains.filter(([qalys, extra]) => threshold * qalys > extra).length) / COST_DRAWS;
  const worth = favouring(values.threshold);
  const benefit = values.threshold * gained - more;
  const mean = (column) => gains.reduce((sum, draw) => sum + draw[column], 0) / COST_DRAWS;
  const text = {
    ...Object.fromEntries(COST_ARMS.map((arm) => [`cost_${arm}`, rounded(strategies[arm].cost)])),
    ...Object.fromEntries(COST_ARMS.map((arm) => [`qalys_${arm}`, rounded(strategies[arm].qalys, 2)])),
    ...Object.fromEntries(COST_ARMS.map((arm) => [`cure_${arm}`, rounded(values[`cure_${arm}`])])),
    more: rounded(Math.abs(more)),
    gained: rounded(Math.abs(gained), 2),
    icer: more > 0 && gained > 0 ? rounded(more / gained) : "–",
    saved: more < 0 && gained < 0 ? rounded(more / gained) : "–",
    threshold: rounded(values.threshold),
    worth: rounded(worth),
    draws: rounded(COST_DRAWS),
  };
  const kind = costKind(more, gained, benefit);
  return {
    strategies, more, gained, net_benefit: benefit, kind,
    tornado: costTornado(values, parameters),
    open_fit: openFit(values, data.qalys),
    points: gains.slice(0, COST_POINTS),
    mean_more: mean(1),
    mean_gained: mean(0),
    accepted: COST_THRESHOLDS.map((threshold) => [threshold, favouring(threshold)]),
    worth,
    text,
    sentence: `${fill(wording[kind], text)} ${fill(wording.run, text)}`,
  };
}

function costAxis(values) {
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const room = 0.05 * (high - low || 1);
  return { low: low - room, high: high + room };
}

/** The line of cost = threshold x QALYs between the axes, so that its name stands at its end. */
function thresholdLine(threshold, qalys, euros) {
  const within = (gained) => Math.min(Math.max(gained, qalys.low), qalys.high);
  const ends = threshold > 0 ? [within(euros.low / threshold), within(euros.high / threshold)] : [qalys.low, qalys.high];
  return ends.map((gained) => [gained, threshold * gained]);
}

function thousands(value) {
  return `${rounded(Math.abs(value) / 1000)}k`.replace(/^/, value < 0 ? "−" : "");
}

function costCharts(result, values, { data, wording, parameters }) {
  const { text } = result;
  const labels = Object.fromEntries(parameters.map(({ name, label }) => [name, label]));
  const qalys = costAxis(result.points.map(([gained]) => gained));
  const euros = costAxis(result.points.map(([, more]) => more));
  const ends = result.tornado.flatMap((row) => [row.at_low, row.at_high]);
  const signed = (value) => `${value < 0 ? "−" : ""}${text.more === "0" ? "0" : rounded(Math.abs(value), 1)}`;
  // A rate that no cure fraction fits leaves a gap in the line.
  const fitting = Object.fromEntries(COST_ARMS.map((arm) => [arm, result.open_fit[arm].map((point) => (point[1] === null ? null : point))]));
  const fitEnds = (arm) => {
    const points = fitting[arm].filter(Boolean);
    return points.length ? [points[0], points.at(-1)].map(([percent, share]) => `${rounded(share)} % at ${percent} %`).join(", ") : "none fits";
  };
  return [
    {
      id: "plane",
      title: `${fill(wording.plane, { gained: `${result.gained < 0 ? "−" : ""}${text.gained}`, more: `${result.more < 0 ? "−" : ""}${text.more}` })}.`,
      description: `Each point is a draw: QALYs gained by CAR T cells across, extra cost in euros upwards. ${text.worth} % of ${text.draws} draws lie below the line of ${text.threshold} euros a QALY. The first ${COST_POINTS} are drawn.`,
      caption: `The first ${COST_POINTS} draws. Dotted: the threshold; below it CAR T cells are worth their cost. The spread of the inputs is assumed.`,
      x: { title: "QALYs gained by CAR T cells", ...qalys, format: signed },
      y: { title: "Extra cost of CAR T cells, euros", ...euros, format: thousands },
      layers: [
        { type: "points", points: result.points, colour: "car_t", marker: "circle", size: 1.8 },
        { type: "line", points: thresholdLine(values.threshold, qalys, euros), colour: "text", dash: "dotted" },
        { type: "rule", x: 0 },
        { type: "rule", y: 0 },
      ],
      height: 280,
    },
    {
      id: "accepted",
      title: `${fill(wording.accepted, text)}.`,
      description: `The share of draws in which CAR T cells are worth their cost, for what a QALY may cost from 0 to ${rounded(COST_THRESHOLDS.at(-1))} euros: ${[0, 10, 20, 40].map((step) => `${rounded(result.accepted[step][1])} % at ${rounded(COST_THRESHOLDS[step])}`).join(", ")}.`,
      x: { title: "What a QALY may cost, euros", low: 0, high: COST_THRESHOLDS.at(-1), format: thousands },
      y: { title: "Draws in favour of CAR T cells", low: 0, high: 100, format: (value) => `${value} %` },
      layers: [
        { type: "line", points: result.accepted, colour: "car_t", label: "CAR T cells" },
        { type: "rule", x: values.threshold, label: "threshold" },
      ],
      height: 220,
    },
    {
      id: "tornado",
      title: `${fill(wording.swing, { name: labels[result.tornado[0].name] })}.`,
      description: `Net benefit of CAR T cells in euros when one input is lowered and raised by ${rounded(100 * COST_SWING)} %. ${result.tornado.map((row) => `${labels[row.name]}: ${rounded(row.at_low)} to ${rounded(row.at_high)}`).join("; ")}.`,
      caption: `Worth of the QALYs gained at the threshold, less the extra cost, in euros. Each input once lower (outlined) and once higher (filled) by ${rounded(100 * COST_SWING)} %, within its range.`,
      x: { title: "Net benefit, euros", ...costAxis([...ends, result.net_benefit]), format: thousands },
      references: [{ at: result.net_benefit, label: "all inputs as set" }],
      rows: result.tornado.map((row) => ({
        label: labels[row.name],
        spans: [{ from: result.net_benefit, to: row.at_low, colour: "car_t", hatched: true }, { from: result.net_benefit, to: row.at_high, colour: "car_t" }],
      })),
    },
    {
      id: "open-fit",
      title: `${wording.open}.`,
      description: `The cure fraction that gives the published QALYs, by the yearly discount of QALYs from 0 to ${COST_RATES.at(-1)} %. ${COST_ARMS.map((arm) => `${arm === "car_t" ? "CAR T cells" : "Blinatumomab"}: ${fitEnds(arm)}`).join(". ")}.`,
      caption: "Each point of a line gives the same published QALYs. Utilities and years are as set above; moving them moves the lines.",
      x: { title: "Yearly discount of QALYs, %", low: 0, high: COST_RATES.at(-1) },
      y: { title: "Cure fraction that fits", low: 0, high: 100, format: (value) => `${value} %` },
      layers: [
        { type: "line", points: fitting.car_t, colour: "car_t", label: "CAR T cells" },
        { type: "line", points: fitting.bispecific, colour: "bispecific", dash: "dashed", label: "blinatumomab" },
        { type: "rule", x: values.discount_effects, label: "as set" },
      ].filter((layer) => layer.type === "rule" || layer.points.some(Boolean)),
      height: 240,
    },
  ];
}

function costTables(result, values, { parameters }) {
  const labels = Object.fromEntries(parameters.map(({ name, label }) => [name, label]));
  const { car_t: carT, bispecific } = result.strategies;
  return [
    { caption: "cost by part, euros", name: "cost-parts", head: ["part", "CAR T cells", "blinatumomab"], rows: [...Object.entries(COST_PARTS).map(([part, label]) => [label, carT.parts[part], bispecific.parts[part]]), ["total", carT.cost, bispecific.cost], ["QALYs", carT.qalys, bispecific.qalys]] },
    { caption: "net benefit by input, euros", name: "cost-tornado", head: ["input", "lower value", "net benefit", "higher value", "net benefit then"], rows: result.tornado.map((row) => [labels[row.name], row.low, row.at_low, row.high, row.at_high]) },
    { caption: "share of draws in favour of CAR T cells", name: "cost-accepted", head: ["a QALY may cost, euros", "draws, %"], rows: result.accepted },
    { caption: "cure fractions that fit the published QALYs", name: "cost-open-fit", head: ["strategy", "yearly discount, %", "cure fraction, %"], rows: COST_ARMS.flatMap((arm) => result.open_fit[arm].map(([percent, share]) => [arm === "car_t" ? "CAR T cells" : "blinatumomab", percent, share])) },
  ];
}

defineModel("cost", { result: costResult, charts: costCharts, tables: costTables });
