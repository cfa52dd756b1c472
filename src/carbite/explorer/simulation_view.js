import { changedParameters, rangeText, shownValue, sliderOf } from "./parameters.js";
import { figureHtml } from "./plot.js";
import { csvText, escapeHtml } from "./text.js";

// What a simulation shows, as HTML text: the same at build time and in the browser.

/** The whole simulation for one set of values. */
export function simulationHtml(about, model, values, result, key) {
  const { controls, first, others, data } = simulationParts(about, model, values, result, key);
  return `
<div class="sm-head"><p class="sm-title"><strong>${escapeHtml(about.title)}</strong></p><p class="sm-about">${escapeHtml(about.about)}</p><p class="sm-sentence">${escapeHtml(result.sentence)}</p></div>
<p class="sm-said" role="status" aria-live="polite"></p>
<div class="sm-first">${first}</div>
<p class="sm-notice" role="alert"></p>
<form class="sm-controls sm-live-only" aria-label="Settings: ${escapeHtml(about.title)}">${controls}</form>
<div class="sm-others">${others}</div>
<div class="sm-tools sm-live-only"><button type="button" data-tool="reset">Reset to the starting values</button><button type="button" data-tool="link">Copy link to this state</button></div>
<div class="sm-data">${data}</div>
<details class="sm-sources"><summary>Where these values come from</summary>${sourcesHtml(about)}</details>
`;
}

/** What changes with the values, by the part of the simulation that it fills. */
export function simulationParts(about, model, values, result, key) {
  const [first, ...others] = model.charts(result, values, about).map(figureHtml);
  return { controls: controlsHtml(about, values, result.unused ?? [], key), first, others: others.join(""), data: dataHtml(about, model, values, result) };
}

function controlsHtml(about, values, unused, key) {
  const changed = changedParameters(about, values);
  const controls = (group) => about.parameters.filter((parameter) => parameter.group === group).map((parameter) => controlHtml(parameter, values[parameter.name], changed.includes(parameter), unused.includes(parameter.name), `${key}-${parameter.name}`)).join("");
  const groups = [...new Set(about.parameters.map(({ group }) => group))].filter(Boolean);
  const folded = groups.map((group) => {
    const count = changed.filter((parameter) => parameter.group === group).length;
    return `<details class="sm-group" data-row="${escapeHtml(group)}"><summary>${escapeHtml(group)}${count ? ` (${count} changed)` : ""}</summary><div class="sm-grid">${controls(group)}</div></details>`;
  });
  return `<div class="sm-grid">${controls("")}</div>${folded.join("")}`;
}

function controlHtml(parameter, value, isChanged, isUnused, id) {
  const { name, kind } = parameter;
  const off = isUnused ? " disabled" : "";
  const said = isUnused ? "without effect here" : isChanged ? `changed from ${shownValue(parameter, parameter.default)}` : "";
  const below = `<small class="sm-state" id="${id}-state">${escapeHtml([parameter.note, said].filter(Boolean).join("; "))}</small>`;
  const label = escapeHtml(parameter.label);
  const frame = (inside) => `<div class="sm-control${isChanged ? " sm-changed" : ""}" data-row="${name}">${inside}${below}</div>`;
  const about = `data-parameter="${name}" aria-describedby="${id}-state"${off}`;
  if (kind === "toggle") return frame(`<label class="sm-toggle"><input type="checkbox" id="${id}" ${about}${value ? " checked" : ""}>${label}</label>`);
  if (kind === "choice" && parameter.look === "radio") {
    const options = Object.entries(parameter.options).map(([option, text]) => `<label><input type="radio" name="${id}" value="${option}" ${about}${option === value ? " checked" : ""}>${escapeHtml(text)}</label>`);
    return frame(`<fieldset class="sm-radios"><legend>${label}</legend>${options.join("")}</fieldset>`);
  }
  if (kind === "choice") {
    const options = Object.entries(parameter.options).map(([option, text]) => `<option value="${option}"${option === value ? " selected" : ""}>${escapeHtml(text)}</option>`);
    return frame(`<label for="${id}">${label}</label><select id="${id}" ${about}>${options.join("")}</select>`);
  }
  const { min, max, step, at } = sliderOf(parameter, value);
  const unit = parameter.unit ? ` <span class="sm-unit">${escapeHtml(parameter.unit)}</span>` : "";
  const exact = `${parameter.label}, exact: ${rangeText(parameter)}`;
  return frame(`<label for="${id}">${label}</label><span class="sm-pair"><input type="range" id="${id}" ${about} min="${min}" max="${max}" step="${step}" value="${at}" aria-valuetext="${escapeHtml(shownValue(parameter, value))}"><input type="number" id="${id}-exact" ${about} aria-label="${escapeHtml(exact)}" min="${parameter.low}" max="${parameter.high}" step="${parameter.whole ? 1 : "any"}" value="${value}" inputmode="${parameter.whole ? "numeric" : "decimal"}">${unit}</span>`);
}

/** The numbers of the charts, as tables to unfold and files to save. */
function dataHtml(about, model, values, result) {
  return model.tables(result, values, about).map(({ caption, name, head, rows }) => {
    const cells = rows.map(([first, ...rest]) => `<tr><th scope="row">${escapeHtml(cellText(first))}</th>${rest.map((cell) => `<td${typeof cell === "number" ? ' class="carbite-numeric"' : ""}>${escapeHtml(cellText(cell))}</td>`).join("")}</tr>`);
    const href = `data:text/csv;charset=utf-8,${encodeURIComponent(csvText([head, ...rows.map((row) => row.map(fileCell))]))}`;
    return `<details data-row="${escapeHtml(name)}"><summary>Data: ${escapeHtml(caption)} (table and CSV)</summary><div class="sm-scroll" role="group" aria-label="${escapeHtml(caption)}" tabindex="0"><table class="carbite-table"><thead><tr>${head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join("")}</tr></thead><tbody>${cells.join("")}</tbody></table></div><a href="${escapeHtml(href)}" download="${escapeHtml(name)}.csv">Download CSV</a></details>`;
  }).join("");
}

/** A number in a file: the digits in which all browsers agree. */
function fileCell(cell) {
  return typeof cell === "number" ? Number(cell.toPrecision(12)) : cell;
}

function cellText(cell) {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "number" ? String(Number(cell.toPrecision(4))) : cell;
}

const ORIGINS = { published: "Published", fitted: "Fitted by us", assumed: "Assumed", illustration: "Illustration" };

/** Each parameter with its start, its range and the origin of its start. */
function sourcesHtml(about) {
  const entries = about.parameters.map((parameter) => {
    const { kind, text, href } = parameter.origin;
    const range = parameter.kind === "slider" ? `; ${rangeText(parameter)}` : "";
    const link = href ? ` <a href="${escapeHtml(href)}">Source</a>` : "";
    return `<div><dt>${escapeHtml(parameter.label)} <small>starts at ${escapeHtml(shownValue(parameter, parameter.default))}${escapeHtml(range)}</small></dt><dd><strong>${ORIGINS[kind]}.</strong> ${escapeHtml(text)}${link}</dd></div>`;
  });
  return `<dl>${entries.join("")}</dl>`;
}
