import { figureHtml } from "./plot.js";
import { csvText, escapeHtml, roundHalfUp } from "./text.js";

// A specification curve as HTML: what Python's Multiverse.payload() wrote, filtered by a state, counted and drawn.
// The same functions run at build time and in the browser. Nothing is estimated here.

const DATA_DIMENSIONS = 4;
const SIDES = ["car_t", "bispecific", "undecided", "not-testable"];
// Each verdict has its own shape beside its colour.
const MARKS = {
  car_t: { marker: "circle", colour: "car_t" },
  bispecific: { marker: "diamond", colour: "bispecific" },
  undecided: { marker: "square", colour: "text" },
  "not-testable": { marker: "cross", colour: "chemotherapy" },
};

/** Everything ticked, the published universe looked at. */
export function curveDefault(data) {
  return { off: [], at: data.universes.findIndex((universe) => universe.published) };
}

/** Whether two states are the same. */
export function sameCurve(a, b) {
  return a.at === b.at && a.off.length === b.off.length && a.off.every((choice) => b.off.includes(choice));
}

/** The choices of a universe, one a dimension; of several that are the same one, the first. */
function choicesOf(data, universe) {
  return [...universe.data[0], ...universe.method].map((place, dimension) => data.dimensions[dimension].values[place]);
}

/** The name of a universe: its choices, so that a link still finds it after others were added. */
function universeName(data, universe) {
  return choicesOf(data, universe).map(({ id }) => id).join(".");
}

/** A state as it stands in a link: unticked choices with a minus, then the universe that is looked at. */
export function formatCurve(data, state) {
  const off = state.off.map((choice) => `-${choice}`);
  const at = state.at === curveDefault(data).at ? [] : [universeName(data, data.universes[state.at])];
  return [...off, ...at].join(",");
}

/** Read it. Throws an Error that says what is wrong. */
export function parseCurve(data, text) {
  const state = curveDefault(data);
  for (const token of text.split(",")) {
    if (token.startsWith("-")) {
      const choice = token.slice(1);
      const known = data.dimensions.some(({ name, values }) => values.some(({ id }) => `${name}.${id}` === choice));
      if (!known) throw new Error(`there is no choice "${choice}"`);
      if (state.off.includes(choice)) throw new Error(`"${choice}" stands in it twice`);
      state.off.push(choice);
    } else {
      state.at = data.universes.findIndex((universe) => universeName(data, universe) === token);
      if (state.at < 0) throw new Error(`there is no universe "${token}"`);
    }
  }
  return state;
}

/** The universes that have all their choices ticked; one that several choices lead to needs one way alone. */
export function shownUniverses(data, state) {
  const off = new Set(state.off);
  const isOn = (dimension, place) => !off.has(`${data.dimensions[dimension].name}.${data.dimensions[dimension].values[place].id}`);
  return data.universes.filter(({ data: ways, method }) =>
    method.every((place, position) => isOn(DATA_DIMENSIONS + position, place)) && ways.some((way) => way.every((place, dimension) => isOn(dimension, place))));
}

/** The universe that is looked at where it is shown; else the nearest of those shown, undefined when there is none. */
export function lookedAt(data, state, shown) {
  const wanted = data.universes[state.at];
  return shown.includes(wanted) ? wanted : shown.toSorted((a, b) => Math.abs(a.effect - wanted.effect) - Math.abs(b.effect - wanted.effect))[0];
}

function points(value) {
  return `${value < 0 ? "−" : "+"}${roundHalfUp(Math.abs(value), 1)}`;
}

function tally(shown) {
  return Object.fromEntries(SIDES.map((side) => [side, shown.filter(({ verdict }) => verdict === side).length]));
}

/** How many universes are shown and what they say. */
export function curveSummary(data, shown) {
  const all = data.universes.length.toLocaleString("en-GB");
  if (!shown.length) return `0 of ${all} universes are shown: some dimension has no choice ticked.`;
  const count = tally(shown);
  const said = SIDES.map((side) => `${count[side]} ${side === "car_t" ? "favour CAR T" : side === "bispecific" ? `favour ${data.bispecific}` : side.replace("-", " ")}`);
  return `${shown.length.toLocaleString("en-GB")} of ${all} universes are shown: ${said.join(", ")}. Effects run from ${points(shown[0].effect)} to ${points(shown.at(-1).effect)} percentage points.`;
}

function finding(data, shown) {
  const count = tally(shown);
  const tested = shown.length - count["not-testable"];
  if (!tested) return "None of the universes shown can be tested";
  const most = ["car_t", "bispecific", "undecided"].toSorted((a, b) => count[b] - count[a])[0];
  const said = { car_t: "favour CAR T", bispecific: `favour ${data.bispecific}`, undecided: "are undecided" }[most];
  return `${count[most]} of the ${tested} testable universes ${said}`;
}

function curveChart(data, state, shown) {
  const looked = lookedAt(data, state, shown);
  const place = (universe) => shown.indexOf(universe) + 1;
  const published = shown.find((universe) => universe.published);
  const effects = shown.map(({ effect }) => effect);
  const low = Math.min(0, ...effects);
  const high = Math.max(0, ...effects);
  const room = 0.06 * (high - low || 1);
  const dots = SIDES.map((side) => ({
    type: "dots", label: data.verdicts[side], ...MARKS[side], size: 2.5,
    points: shown.flatMap(({ verdict, effect }, position) => (verdict === side ? [[position + 1, effect]] : [])),
  })).filter((layer) => layer.points.length);
  const marks = [
    published && { type: "rule", x: place(published), label: "published" },
    looked && looked !== published && { type: "rule", x: place(looked), label: "looked at", dash: "dotted" },
  ].filter(Boolean);
  return {
    id: "curve",
    title: finding(data, shown),
    description: `${curveSummary(data, shown)} Universes stand in the order of their effect; 0 is no difference.`,
    caption: "Each mark is one analysis: pooled percentage with CAR T minus the other arm, positive where it is better for CAR T.",
    x: { title: "Universes, by effect", low: 0, high: shown.length + 1 },
    y: { title: "Percentage points in favour of CAR T", low: low - room, high: high + room, format: (value) => (value < 0 ? `−${-value}` : String(value)) },
    layers: [{ type: "rule", y: 0, label: "no difference", dash: "solid" }, ...dots, ...marks],
  };
}

/** The parts that a change of state draws anew, by the class that they fill. */
export function curveParts(data, state, key, explorer) {
  const shown = shownUniverses(data, state);
  const looked = lookedAt(data, state, shown);
  return {
    figure: shown.length ? figureHtml(curveChart(data, state, shown)) : "",
    look: lookHtml(shown, looked, key),
    universe: looked ? universeHtml(data, looked, shown, explorer) : "",
    table: tableHtml(data, state, shown),
  };
}

/** The whole component. */
export function curveHtml(data, state, key, explorer) {
  const parts = curveParts(data, state, key, explorer);
  return `<p class="sc-claim"><strong>${escapeHtml(data.claim)}</strong>: ${escapeHtml(data.proposition)}</p>
<p class="sc-summary" role="status">${escapeHtml(curveSummary(data, shownUniverses(data, state)))}</p>
<p class="sc-notice" role="status"></p>
<div class="sc-figure">${parts.figure}</div>
<div class="sc-look sc-live-only">${parts.look}</div>
<div class="sc-universe">${parts.universe}</div>
<div class="sc-choices sc-live-only" role="group" aria-label="Choices of the analyst">${choicesHtml(data, state, key)}</div>
<div class="sc-tools sc-live-only"><button type="button" data-tool="all">Tick every choice</button><button type="button" data-tool="published">Look at the published one</button><button type="button" data-tool="link">Copy link to this state</button><button type="button" data-tool="csv">Download what is shown as CSV</button></div>
<details><summary>By choice (table)</summary><div class="sc-table carbite-scroll" role="group" aria-label="Universes by choice" tabindex="0">${parts.table}</div></details>`;
}

function choicesHtml(data, state, key) {
  return data.dimensions.map(({ name, label, values }) => {
    const boxes = values.map(({ id, label: said }) => {
      const box = `${key}-${name}-${id}`;
      return `<label for="${box}"><input type="checkbox" id="${box}" data-choice="${name}.${id}"${state.off.includes(`${name}.${id}`) ? "" : " checked"}>${escapeHtml(said)}</label>`;
    });
    return `<fieldset><legend>${escapeHtml(label)}</legend>${boxes.join("")}</fieldset>`;
  }).join("");
}

function lookHtml(shown, looked, key) {
  const at = shown.indexOf(looked) + 1;
  const said = looked ? `${at} of ${shown.length}: ${points(looked.effect)} percentage points` : "none";
  return `<label for="${key}-at">Look at one universe, by its place in the order</label><input type="range" id="${key}-at" min="1" max="${Math.max(1, shown.length)}" step="1" value="${Math.max(1, at)}" aria-valuetext="${escapeHtml(said)}"${looked ? "" : " disabled"}>`;
}

function universeHtml(data, universe, shown, explorer) {
  const ratio = universe.odds && `, ${universe.odds}`;
  const facts = choicesOf(data, universe).map(({ label }, dimension) => [data.dimensions[dimension].label, label]);
  const said = `${data.verdicts[universe.verdict]}: ${points(universe.effect)} percentage points for CAR T${ratio}, ${universe.trials[0]} trials of CAR T and ${universe.trials[1]} of ${data.bispecific}`;
  const link = universe.ratio ? `<p><a href="${escapeHtml(explorerLink(data, universe, explorer))}">Open this universe in the explorer</a></p>` : "<p>The explorer pools on the logit scale only.</p>";
  const name = universe.published ? "The published comparison" : `Universe ${shown.indexOf(universe) + 1} of ${shown.length}`;
  const ways = universe.data.length > 1 ? `<p>${universe.data.length} combinations of choices count exactly these patients; the first is named.</p>` : "";
  return `<p><strong>${name}.</strong> ${escapeHtml(said)}.</p><dl>${facts.map(([term, value]) => `<div><dt>${escapeHtml(term)}</dt><dd>${escapeHtml(value)}</dd></div>`).join("")}</dl>${ways}${link}`;
}

/** The explorer's page in the state of a universe on the logit scale. */
export function explorerLink(data, universe, explorer) {
  const [, model, interval] = choicesOf(data, universe).slice(DATA_DIMENSIONS);
  const method = [["t", model.id, data.usual.tau2], ["i", interval.id, data.usual.interval]].filter(([, id, usual]) => id !== usual);
  return `${explorer}${data.links[universe.data[0].join("-")]}${method.map(([letter, id]) => `;${letter}=${id}`).join("")}`;
}

/** For each ticked choice, how many of the universes shown have it and what they say. */
function tableHtml(data, state, shown) {
  const rows = data.dimensions.flatMap(({ name, label, values }, dimension) => values.map((value, place) => {
    const having = shown.filter(({ data: ways, method }) => (dimension < DATA_DIMENSIONS ? ways.some((way) => way[dimension] === place) : method[dimension - DATA_DIMENSIONS] === place));
    if (!having.length || state.off.includes(`${name}.${value.id}`)) return "";
    const count = tally(having);
    return `<tr><th scope="row">${escapeHtml(label)}: ${escapeHtml(value.label)}</th><td>${having.length}</td>${SIDES.map((side) => `<td>${count[side]}</td>`).join("")}<td>${points(having[0].effect)} to ${points(having.at(-1).effect)}</td></tr>`;
  }));
  return `<table class="carbite-table"><caption>Universes with each choice, by verdict</caption><thead><tr><th scope="col">Choice</th><th scope="col">Universes</th>${SIDES.map((side) => `<th scope="col">${escapeHtml(data.verdicts[side])}</th>`).join("")}<th scope="col">Percentage points for CAR T</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}

/** The universes shown as CSV, a row each. */
export function curveCsv(data, shown) {
  const head = [...data.dimensions.map(({ name }) => name), "combinations", "car_t_trials", "bispecific_trials", "percentage_points_for_car_t", "odds_ratio", "ci_low", "ci_high", "verdict", "published"];
  const rows = shown.map((universe) => [
    ...choicesOf(data, universe).map(({ id }) => id), universe.data.length, ...universe.trials, universe.effect,
    ...(universe.ratio ?? [null, null, null]), universe.verdict, universe.published ? "yes" : "no",
  ]);
  return csvText([head, ...rows]);
}
