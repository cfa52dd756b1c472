import { defineModel } from "../explorer/registry.js";
import { bracketedRoot } from "../explorer/search.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// What printed points say about the curve behind them: the counterpart of cure.py, which gives the equations.

const CURE_HORIZON = 60;
const CURE_CLOSEST = 1e-3;
const CURE_EDGE = 1e-9;
const CURE_EQUAL = 0.005;
const CURE_ARMS = ["car_t", "bispecific"];

function cureBounds(points) {
  const floors = [];
  const ceilings = [];
  for (const point of points) {
    const median = point.kind === "median";
    floors.push(median ? [point.low, 0.5] : [point.months, point.low]);
    ceilings.push(median ? [point.high, 0.5] : [point.months, point.high]);
  }
  return { floors, ceilings };
}

function cureLowest({ floors }, months, after = false) {
  return Math.max(0, ...floors.filter(([t]) => t > months || (t === months && !after)).map(([, share]) => share));
}

function cureHighest({ ceilings }, months, before = false) {
  return Math.min(1, ...ceilings.filter(([t]) => t < months || (t === months && !before)).map(([, share]) => share));
}

function cureStrength(share, c) {
  return share > c ? -Math.log((share - c) / (1 - c)) : Infinity;
}

function cureRates({ floors, ceilings }, c) {
  return [
    Math.max(...ceilings.map(([time, share]) => cureStrength(share, c) / time)),
    Math.min(...floors.map(([time, share]) => cureStrength(share, c) / time)),
  ];
}

function cureRange({ floors, ceilings }) {
  const limit = Math.min(...ceilings.map(([, share]) => share));
  const top = limit - CURE_CLOSEST;
  let [low, high] = [0, limit];
  for (const [early, floor] of floors) {
    for (const [late, ceiling] of ceilings) {
      const spare = (c) => late * cureStrength(floor, c) - early * cureStrength(ceiling, c);
      if (early < late) {
        if (spare(0) < 0) return null;
        if (spare(top) < 0) high = Math.min(high, bracketedRoot(spare, 0, top));
      } else if (early > late && spare(0) < 0) {
        const end = Math.min(top, floor - CURE_EDGE);
        if (spare(end) < 0) return null;
        low = Math.max(low, bracketedRoot((c) => -spare(c), 0, end));
      }
    }
  }
  return low <= high ? [low, high] : null;
}

function cureShare(c, h, months) {
  return c + (1 - c) * Math.exp(-h * months);
}

function cureEnvelope(given) {
  const all = [...given.floors, ...given.ceilings].map(([time]) => time).filter((time) => time < CURE_HORIZON);
  const times = [...new Set(all)].sort((a, b) => a - b);
  const steps = [[0, 100 * cureLowest(given, 0), 100]];
  for (const time of times) {
    steps.push([time, 100 * cureLowest(given, time), 100 * cureHighest(given, time, true)]);
    steps.push([time, 100 * cureLowest(given, time, true), 100 * cureHighest(given, time)]);
  }
  return [...steps, [CURE_HORIZON, 100 * cureLowest(given, CURE_HORIZON), 100 * cureHighest(given, CURE_HORIZON, true)]];
}

function cureSide(arm, values, data) {
  const given = cureBounds(data[arm][values[arm]].points);
  const found = cureRange(given);
  const side = {
    envelope: cureEnvelope(given),
    low: 100 * cureLowest(given, values.landmark),
    high: 100 * cureHighest(given, values.landmark),
    limit: 100 * Math.min(...given.ceilings.map(([, share]) => share)),
    cure: found === null ? null : found.map((end) => 100 * end),
    assumed: null, rate: null, at: null, curve: [],
  };
  if (found === null) return side;
  const [low, high] = found;
  const nearest = Math.max(low, Math.min(high, Math.min(...given.ceilings.map(([, share]) => share)) - CURE_CLOSEST));
  const c = Math.min(Math.max(values[`cure_${arm}`] / 100, low), nearest);
  const [slowest, fastest] = cureRates(given, c);
  const h = fastest === Infinity ? slowest : 0.5 * (slowest + fastest);
  const months = Array.from({ length: CURE_HORIZON + 1 }, (_, month) => month);
  return {
    ...side,
    assumed: 100 * c,
    rate: h,
    at: 100 * cureShare(c, h, values.landmark),
    curve: months.map((month) => [month, 100 * cureShare(c, h, month)]),
  };
}

function cureAhead(first, second) {
  if (Math.abs(first - second) < 100 * CURE_EQUAL) return "neither";
  return first > second ? CURE_ARMS[0] : CURE_ARMS[1];
}

function cureResult(values, { data, wording }) {
  const sides = Object.fromEntries(CURE_ARMS.map((arm) => [arm, cureSide(arm, values, data)]));
  const { car_t: car, bispecific: other } = sides;
  let certain = "neither";
  if (car.low > other.high) certain = "car_t";
  else if (other.low > car.high) certain = "bispecific";
  const drawn = car.at !== null && other.at !== null;
  const text = { month: rounded(values.landmark) };
  for (const arm of CURE_ARMS) {
    const side = sides[arm];
    text[`${arm}_low`] = rounded(side.low, 1);
    text[`${arm}_high`] = rounded(side.high, 1);
    text[`${arm}_limit`] = `0 to ${rounded(side.limit, 1)} %`;
    text[`${arm}_cure`] = side.cure === null ? "none" : `${rounded(side.cure[0])} to ${rounded(side.cure[1])} %`;
    text[`${arm}_assumed`] = side.assumed === null ? "–" : rounded(side.assumed);
    text[`${arm}_at`] = side.at === null ? "–" : rounded(side.at);
  }
  const unfitted = CURE_ARMS.filter((arm) => sides[arm].cure === null);
  const ahead = drawn ? cureAhead(car.at, other.at) : null;
  const sentence = [fill(wording.sentence, text), wording.certain[certain]];
  if (drawn) sentence.push(fill(wording.drawn[ahead], text));
  sentence.push(...unfitted.map((arm) => wording.no_curve[arm]));
  return { ...sides, certain, ahead, unused: unfitted.map((arm) => `cure_${arm}`), text, sentence: sentence.join(" ") };
}

function curePointWords(point) {
  return point.kind === "median" ? `median ${point.months} months` : `${rounded(100 * point.share)} % at ${point.months} months`;
}

function cureCharts(result, values, { data, wording }) {
  const { text } = result;
  const percent = (value) => `${value} %`;
  const name = { car_t: "CAR T", bispecific: "blinatumomab" };
  const marker = { car_t: "circle", bispecific: "diamond" };
  const layers = CURE_ARMS.flatMap((arm) => {
    const side = result[arm];
    const points = data[arm][values[arm]].points.map((point) => [point.months, 100 * point.share]);
    const drawn = side.curve.length
      ? [{ type: "line", points: side.curve, colour: arm, dash: arm === "car_t" ? "solid" : "dashed", label: `${name[arm]}, ${text[`${arm}_assumed`]} % cured` }]
      : [];
    return [
      { type: "area", bounds: side.envelope, colour: arm, label: `${name[arm]}, any curve` },
      ...drawn,
      { type: "points", points, colour: arm, marker: marker[arm], label: `${name[arm]}, printed` },
    ];
  });
  const described = CURE_ARMS.map((arm) => {
    const { label, points } = data[arm][values[arm]];
    return `${label}: printed ${points.map(curePointWords).join(", ")}; at ${text.month} months any falling curve through them lies between ${text[`${arm}_low`]} and ${text[`${arm}_high`]} %, and the drawn one is at ${text[`${arm}_at`]} %.`;
  });
  return [
    {
      id: "curves",
      title: `${fill(wording.title[result.certain], text)}.`,
      description: `Two shaded ranges over ${CURE_HORIZON} months, one for each treatment, pinched where a point was printed. ${described.join(" ")}`,
      caption: "Points: as printed. Shaded: where any curve that never rises may run. Lines: an assumed shape, not data of patients.",
      x: { title: "Months", low: 0, high: CURE_HORIZON, ticks: [0, 12, 24, 36, 48, 60] },
      y: { title: "Without the event", low: 0, high: 100, format: percent },
      layers: [...layers, { type: "rule", x: values.landmark, label: `${text.month} months` }],
      height: 300,
    },
    {
      id: "cure",
      title: `${fill(wording.cure_title, text)}.`,
      description: `Two bars for each treatment over the cure fractions that its printed points allow. With any falling shape: ${text.car_t_limit} with CAR T cells, ${text.bispecific_limit} with blinatumomab. With a constant rate in those not cured: ${text.car_t_cure} and ${text.bispecific_cure}. A mark shows the one assumed above: ${text.car_t_assumed} % and ${text.bispecific_assumed} %.`,
      caption: "Most of what narrows the second bar is the assumed shape, not the data. Neither bar is a confidence interval; chance would widen both.",
      x: { title: "Cure fraction", low: 0, high: 100, format: percent },
      rows: CURE_ARMS.flatMap((arm) => {
        const side = result[arm];
        return [
          { label: `${name[arm]}, any shape`, spans: [{ from: 0, to: side.limit, colour: arm, hatched: true }] },
          {
            label: `${name[arm]}, constant rate`,
            spans: side.cure === null ? [] : [{ from: side.cure[0], to: side.cure[1], colour: arm, text: text[`${arm}_cure`] }],
            marks: side.assumed === null ? [] : [{ at: side.assumed, marker: marker[arm], colour: "text" }],
          },
        ];
      }),
    },
  ];
}

function cureTables(result, values, { data }) {
  const printed = CURE_ARMS.flatMap((arm) => {
    const { label, points, rows } = data[arm][values[arm]];
    return points.map((point, position) => [label, rows[position], point.kind, point.months, 100 * point.share]);
  });
  const range = (side, end) => (side.cure === null ? null : side.cure[end]);
  return [
    { caption: "printed points", name: "cure-points", head: ["curve", "row", "kind", "months", "share, %"], rows: printed },
    {
      caption: "at the chosen month, and the cure fractions that fit",
      name: "cure-bounds",
      head: ["curve", "months", "lowest, %", "highest, %", "with the assumed cure fraction, %", "cure fraction with a constant rate from, %", "to, %", "with any shape up to, %"],
      rows: CURE_ARMS.map((arm) => [data[arm][values[arm]].label, values.landmark, result[arm].low, result[arm].high, result[arm].at, range(result[arm], 0), range(result[arm], 1), result[arm].limit]),
    },
  ];
}

defineModel("cure", { result: cureResult, charts: cureCharts, tables: cureTables });
