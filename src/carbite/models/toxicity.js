import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// Toxicity against response, a point a trial: the counterpart of toxicity.py.

const TOXICITY_ARMS = ["car_t", "bispecific"];
const TOXICITY_LOOKS = { car_t: { label: "CAR T cells", marker: "circle" }, bispecific: { label: "Bispecific antibodies", marker: "diamond" } };

/** Ranks from 1; equal values share the mean of their ranks. */
function meanRanks(values) {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** Pearson's correlation of the ranks; null with too few points or without variation. */
function rankCorrelation(points, least) {
  const columns = [points.map(({ response }) => response), points.map(({ toxicity }) => toxicity)];
  if (points.length < least || columns.some((column) => new Set(column).size === 1)) return null;
  const middle = (points.length + 1) / 2;
  const [x, y] = columns.map((column) => meanRanks(column).map((rank) => rank - middle));
  const product = (a, b) => a.reduce((sum, value, position) => sum + value * b[position], 0);
  return product(x, y) / Math.sqrt(product(x, x) * product(y, y));
}

function middleOf(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

function toxicityFinding(rho, notable) {
  if (rho.all === null) return "few";
  if (rho.all < notable) return "flat";
  if (rho.car_t === null) return "alone";
  return rho.car_t < notable ? "across" : "both";
}

function toxicityResult(values, { data, wording }) {
  const endpoint = values.endpoint;
  const points = data.trials
    .filter((trial) => trial[endpoint] !== null && ["both", trial.disease].includes(values.disease) && ["all", trial[`${endpoint}_scale`]].includes(values.scale))
    .map((trial) => ({ name: trial.name, arm: trial.arm, disease: trial.disease, response: trial.response, toxicity: trial[endpoint], scale: trial[`${endpoint}_scale`] }));
  const of = (arm) => points.filter((point) => point.arm === arm);
  const rho = { all: rankCorrelation(points, data.minimum_trials) };
  const perResponse = {};
  for (const arm of TOXICITY_ARMS) {
    rho[arm] = rankCorrelation(of(arm), data.minimum_trials);
    perResponse[arm] = of(arm).length ? middleOf(of(arm).map(({ toxicity, response }) => (100 * toxicity) / response)) : null;
  }
  const rhoText = (value) => (value === null ? wording.none : rounded(value, 2).replace("-", "\u2212"));
  const text = { endpoint: wording.endpoints[endpoint], all_k: String(points.length), all_rho: rhoText(rho.all) };
  for (const [name, arm] of [["car", "car_t"], ["bi", "bispecific"]]) {
    text[`${name}_k`] = String(of(arm).length);
    text[`${name}_rho`] = rhoText(rho[arm]);
    text[`${name}_per`] = perResponse[arm] === null ? wording.no_trial : `${rounded(perResponse[arm])} %`;
  }
  const splits = values.disease !== "lymphoma";
  return {
    points,
    burden: splits && values.split ? data.burden.map((each) => ({ name: each.name, response: each.response, toxicity: each[endpoint] })) : [],
    rho,
    per_response: perResponse,
    finding: toxicityFinding(rho, data.notable),
    unused: splits ? [] : ["split"],
    text,
    sentence: fill(wording.sentence, text),
  };
}

function toxicityCharts(result, values, { wording }) {
  const place = ({ response, toxicity }) => [response, toxicity];
  const said = [...result.points, ...result.burden].map(({ name, response, toxicity }) => `${name}: response ${rounded(response)} %, toxicity ${rounded(toxicity)} %`);
  const percentTick = (value) => `${value} %`;
  const layers = TOXICITY_ARMS.map((arm) => {
    const points = result.points.filter((point) => point.arm === arm);
    return { type: "points", ...TOXICITY_LOOKS[arm], colour: arm, points: points.map(place), names: points.map(({ name }) => name) };
  });
  if (result.burden.length) {
    layers.unshift({ type: "line", points: result.burden.map(place), colour: "car_t", dash: "dotted" });
    layers.push({ type: "points", label: "MSKCC by burden", colour: "car_t", marker: "triangle", points: result.burden.map(place), names: result.burden.map(({ name }) => name) });
  }
  return [
    {
      id: "plane",
      title: `${fill(wording[result.finding], result.text)}.`,
      description: said.length ? `${said.join("; ")}.` : "No trial is shown under these choices.",
      caption: "Each point is a trial: complete response, and severe toxicity of all treated.",
      x: { title: "Complete response, %", low: 0, high: 112, ticks: [0, 20, 40, 60, 80, 100], format: percentTick },
      y: { title: `${values.endpoint === "crs" ? "Severe cytokine release syndrome" : "Severe neurotoxicity"}, %`, low: 0, high: 80, format: percentTick },
      layers,
      height: 380,
    },
  ];
}

function toxicityTables(result, values, { data }) {
  const shown = new Set(result.points.map(({ name }) => name));
  return [
    {
      caption: "all trials, and which are shown",
      name: "toxicity-and-response",
      head: ["trial", "shown", "arm", "disease", "complete response, %", "severe cytokine release syndrome, %", "its scale", "severe neurotoxicity, %", "its scale"],
      rows: data.trials.map((trial) => [trial.name, shown.has(trial.name) ? "yes" : "no", TOXICITY_LOOKS[trial.arm].label, trial.disease, trial.response, trial.crs, trial.crs_scale, trial.neurotoxicity ?? "", trial.neurotoxicity === null ? "" : trial.neurotoxicity_scale]),
    },
  ];
}

defineModel("toxicity", { result: toxicityResult, charts: toxicityCharts, tables: toxicityTables });
