import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// Response against toxicity of the newer antibodies, a point a row: the counterpart of antibodies.py.

const ANTIBODIES_LOOKS = { car_t: { label: "CAR T cells", marker: "circle" }, bispecific: { label: "Bispecific antibodies", marker: "diamond" } };
const ANTIBODIES_AXES = ["share", "toxicity"];

function antibodiesKept(row, values) {
  if (row.arm === "car_t") return values.car_t && values.lymphoma === "aggressive";
  return row.lymphoma === values.lymphoma && (values.lymphoma === "after" || ["all", row.dose].includes(values.dose)) && (values.partners || !row.partner) && (values.unsplit || !row.unsplit);
}

/** Parameters that change nothing under these values. */
function antibodiesUnused(values) {
  const after = values.lymphoma === "after";
  const aggressive = values.lymphoma === "aggressive";
  const idle = {
    dose: after,
    partners: after || values.dose === "wide",
    unsplit: after || values.dose !== "all",
    car_t: !aggressive,
    repaired: !(aggressive && values.partners && values.dose !== "wide"),
  };
  return Object.keys(idle).filter((name) => idle[name]);
}

function antibodiesSpan(shares, wording) {
  if (!shares.length) return wording.none;
  const [low, high] = [Math.min(...shares), Math.max(...shares)].map((end) => `${rounded(end)} %`);
  return low === high ? low : fill(wording.range, { low, high });
}

function antibodiesMiddle(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
}

function antibodiesFinding(points) {
  const [cars, antibodies] = ["car_t", "bispecific"].map((arm) => points.filter((point) => point.arm === arm));
  if (cars.length && antibodies.length) {
    const [more, worse] = ANTIBODIES_AXES.map((axis) => antibodiesMiddle(cars.map((point) => point[axis])) > antibodiesMiddle(antibodies.map((point) => point[axis])));
    return !more ? "car_neither" : worse ? "car_both" : "car_response";
  }
  if (antibodies.length < 2) return "few";
  const [response, toxicity] = ANTIBODIES_AXES.map((axis) => Math.max(...antibodies.map((point) => point[axis])) - Math.min(...antibodies.map((point) => point[axis])));
  return response > toxicity ? "response" : "toxicity";
}

function antibodiesIntervals(antibodies) {
  if (antibodies.length < 2) return "alone";
  return Math.max(...antibodies.map(({ low }) => low)) > Math.min(...antibodies.map(({ high }) => high)) ? "apart" : "overlap";
}

function antibodiesResult(values, { data, wording }) {
  const rows = data.rows.filter((row) => antibodiesKept(row, values)).map((row) => {
    const toxicity = row.toxicities[values.toxicity];
    return {
      name: row.name, arm: row.arm, doses: row.doses,
      ...row[values.repaired ? "repaired" : "responses"][values.response],
      toxicity: toxicity === null ? null : toxicity.share,
      treated: toxicity === null ? null : toxicity.n,
    };
  });
  const points = rows.filter(({ toxicity }) => toxicity !== null);
  const antibodies = rows.filter(({ arm }) => arm === "bispecific");
  const drawn = points.filter(({ arm }) => arm === "bispecific");
  const total = (among, name) => rounded(among.reduce((sum, row) => sum + row[name], 0));
  const text = {
    lymphoma: wording.lymphomas[values.lymphoma],
    response: wording.responses[values.response],
    toxicity: wording.toxicities[values.toxicity],
    k: String(antibodies.length),
    response_range: antibodiesSpan(antibodies.map(({ share }) => share), wording),
    toxicity_range: antibodiesSpan(drawn.map(({ toxicity }) => toxicity), wording),
    counted: total(antibodies, "n"),
    treated: total(drawn, "treated"),
    untold: antibodies.filter(({ toxicity }) => toxicity === null).map(({ name }) => name).join(", ") || wording.none,
    lowest: antibodies.length ? antibodies.reduce((least, row) => (row.high < least.high ? row : least)).name : wording.none,
    highest: antibodies.length ? antibodies.reduce((most, row) => (row.low > most.low ? row : most)).name : wording.none,
  };
  text.Response = text.response[0].toUpperCase() + text.response.slice(1);
  return {
    rows,
    points,
    finding: antibodiesFinding(points),
    intervals: antibodiesIntervals(antibodies),
    unused: antibodiesUnused(values),
    text,
    sentence: fill(wording.sentence, text),
  };
}

function antibodiesCharts(result, values, { wording }) {
  const percentTick = (value) => `${value} %`;
  // Severe reactions to antibodies are rare; CAR T trials need more room.
  const ceiling = !values.toxicity.startsWith("severe") ? 100 : result.points.some(({ arm }) => arm === "car_t") ? 32 : 10;
  const toxicity = result.text.toxicity[0].toUpperCase() + result.text.toxicity.slice(1);
  const said = result.points.map((point) => `${point.name}: response ${rounded(point.share)} %, toxicity ${rounded(point.toxicity)} %`);
  const shares = result.rows.map((row) => `${row.name}: ${rounded(row.share)} %, ${row.events} of ${row.n}, interval ${rounded(row.low)} % to ${rounded(row.high)} %`);
  return [
    {
      id: "plane",
      title: `${fill(wording[result.finding], result.text)}.`,
      description: said.length ? `${said.join("; ")}.` : "No row of these has a figure for this toxicity.",
      caption: "Across: response in this lymphoma. Upwards: toxicity in all patients of the same trial.",
      x: { title: `${result.text.Response}, %`, low: 0, high: 115, ticks: [0, 20, 40, 60, 80, 100], format: percentTick },
      y: { title: `${toxicity}, %`, low: 0, high: ceiling, format: percentTick },
      layers: ["car_t", "bispecific"].map((arm) => {
        const points = result.points.filter((point) => point.arm === arm);
        return { type: "points", ...ANTIBODIES_LOOKS[arm], colour: arm, points: points.map(({ share, toxicity: height }) => [share, height]), names: points.map(({ name }) => name) };
      }).filter(({ points }) => points.length),
      height: 320,
    },
    {
      id: "intervals",
      title: `${fill(wording[result.intervals], result.text)}.`,
      description: `${shares.join("; ")}.`,
      caption: "Responses with their exact intervals: chance alone, one row at a time.",
      x: { title: `${result.text.Response}, %`, low: 0, high: 106, ticks: [0, 20, 40, 60, 80, 100], format: percentTick },
      rows: result.rows.map((row) => ({
        label: `${row.name}: ${row.events} of ${row.n}`,
        spans: [{ from: row.low, to: row.high, colour: row.arm }],
        marks: [{ at: row.share, marker: ANTIBODIES_LOOKS[row.arm].marker, colour: "text" }],
      })),
    },
  ];
}

function antibodiesTables(result, values) {
  return [
    {
      caption: "the rows shown",
      name: "antibodies",
      head: ["treatment", "doses counted for response", "responses", "of", "response, %", "interval from, %", "to, %", `${result.text.toxicity}, %`, "patients counted for it"],
      rows: result.rows.map((row) => [row.name, row.doses, row.events, row.n, row.share, row.low, row.high, row.toxicity ?? "", row.treated ?? ""]),
    },
  ];
}

defineModel("antibodies", { result: antibodiesResult, charts: antibodiesCharts, tables: antibodiesTables });
