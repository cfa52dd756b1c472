import { escapeHtml } from "./text.js";

// Small charts as SVG text, drawn from a plain description, at build time and in the browser alike. Text has the
// colour of the text around it; series differ by colour and by dash or marker, never by colour alone.

/**
 * An axis. With scale "log" both ends are above 0. format makes the text of a tick; without it the number stands there.
 * @typedef {{title: string, low: number, high: number, scale?: "linear" | "log", ticks?: number[],
 *   format?: (value: number) => string}} Axis
 */

/**
 * A layer of a chart of two axes.
 * line: points [[x, y], ...], null for a gap; area: bounds [[x, low, high], ...]; points: points [[x, y], ...], each
 * with its name beside it where names are given, in their order;
 * dots: points [[x, y], ...], small and many, one element for all; spread: bounds [[x, low, high], ...], an interval
 * bar each; rule: x or y, a line across the plot;
 * band: x [from, to], a stripe behind everything.
 * colour is one of COLOURS, dash one of DASHES, marker one of MARKERS; label names the layer in the chart.
 * @typedef {{type: "line" | "area" | "points" | "dots" | "spread" | "rule" | "band", label?: string, colour?: string,
 *   dash?: string, marker?: string, points?: ([number, number] | null)[], bounds?: [number, number, number][],
 *   names?: string[],
 *   x?: number | [number, number], y?: number, size?: number}} Layer
 */

/**
 * A row of a chart of rows: bars (or any spans) from a value to a value, and marks, each with its text.
 * @typedef {{label: string, spans?: {from: number, to: number, colour?: string, text?: string, hatched?: boolean}[],
 *   marks?: {at: number, marker?: string, colour?: string, text?: string}[]}} Row
 */

/**
 * A chart. title states its finding and description says in words what is drawn; both follow the state.
 * With x, y and layers it is a chart of two axes; with x and rows one of rows (bars, a tornado, a waterfall, where
 * connected draws a line from each bar's end to the next bar). references are values of x with a label.
 * @typedef {{id: string, title: string, description: string, caption?: string, x: Axis, y?: Axis, layers?: Layer[],
 *   rows?: Row[], references?: {at: number, label: string}[], connected?: boolean, height?: number}} Chart
 */

export const COLOURS = {
  car_t: "var(--carbite-car, #b35806)",
  bispecific: "var(--carbite-bispecific, #3a75a8)",
  chemotherapy: "var(--carbite-chemotherapy, #5f6368)",
  text: "currentColor",
};
export const DASHES = { solid: "", dashed: "7 4", dotted: "2 4", dashdot: "9 4 2 4" };
export const MARKERS = ["circle", "diamond", "square", "triangle", "cross"];
const PLOT_GRID = "var(--carbite-grid, var(--jp-border-color2, #d1d5da))";

// In CSS pixels. A phone's column of text is 350 wide; the widest drawing still fits the book's column.
export const WIDTHS = { wide: 640, narrow: 350 };
const FONT = 13;
const LETTER = 6.7; // of a text in that size, on average and a little more
const LINE = 17;
const MARGIN = { top: 8, right: 14, bottom: 40 };

/** A chart as an SVG element of this width, with a name and a description for readers who cannot see it. */
export function plotSvg(chart, width) {
  const drawn = chart.rows ? rowsPlot(chart, width) : axesPlot(chart, width);
  return `<svg viewBox="0 0 ${width} ${px(drawn.height)}" width="${width}" height="${px(drawn.height)}" role="img" aria-label="${escapeHtml(`${chart.title} ${chart.description}`)}" font-size="${FONT}" fill="currentColor">${drawn.body}</svg>`;
}

/** A chart as a figure: its finding, and drawings for wide and for narrow columns, of which one shows. */
export function figureHtml(chart) {
  const caption = chart.caption ? `<span>${escapeHtml(chart.caption)}</span>` : "";
  return `<figure class="sm-figure"><figcaption><strong>${escapeHtml(chart.title)}</strong>${caption}</figcaption><div class="sm-wide">${plotSvg(chart, WIDTHS.wide)}</div><div class="sm-narrow">${plotSvg(chart, WIDTHS.narrow)}</div></figure>`;
}

// ---- charts of two axes --------------------------------------------------------------------------------

function axesPlot(chart, width) {
  const narrow = width < WIDTHS.wide;
  const labelled = chart.layers.filter((layer) => layer.label && layer.type !== "rule" && layer.type !== "band");
  const atEnds = narrow ? [] : labelled.filter((layer) => layer.type === "line" && lastPoint(layer, chart.x));
  const inKey = labelled.filter((layer) => !atEnds.includes(layer));
  const yTicks = ticksOf(chart.y, 5);
  const tickWidth = Math.max(...yTicks.map(({ text }) => textWidth(text)));
  const left = tickWidth + 12;
  const endRoom = atEnds.length ? Math.min(0.36 * width, Math.max(...atEnds.map((layer) => textWidth(layer.label))) + 18) : 0;
  const right = Math.max(MARGIN.right, endRoom);
  const key = keyLines(inKey, width);
  const rules = chart.layers.filter((layer) => (layer.type === "rule" && layer.x !== undefined) || layer.type === "band").filter((layer) => layer.label);
  const frame = { left, width: width - left - right };
  const toX = scaleOf(chart.x, frame.left, frame.left + frame.width);
  const lanes = labelLanes(rules.map((layer) => ({ text: layer.label, at: clamp(toX(layer.type === "band" ? (layer.x[0] + layer.x[1]) / 2 : layer.x), frame.left, frame.left + frame.width), centred: layer.type === "band" })), width, frame.left);
  const laneCount = lanes.length ? Math.max(...lanes.map(({ lane }) => lane)) + 1 : 0;
  frame.top = MARGIN.top + LINE + key.height + laneCount * LINE + 4;
  frame.height = (chart.height ?? 300) - (narrow ? 40 : 0);
  const bottom = frame.top + frame.height;
  const toY = scaleOf(chart.y, bottom, frame.top);
  const height = bottom + MARGIN.bottom;

  const grid = yTicks.map(({ at, text }) => `${line(frame.left, toY(at), frame.left + frame.width, toY(at), PLOT_GRID)}${words(text, frame.left - 6, toY(at) + 4, "end")}`);
  const xTicks = spaced(ticksOf(chart.x, narrow ? 5 : 8), toX, width);
  const below = xTicks.map(({ at, text }) => `${line(toX(at), bottom, toX(at), bottom + 5, "currentColor")}${words(text, toX(at), bottom + 19, "middle")}`);
  const titles = words(chart.y.title, 0, MARGIN.top + FONT - 2) + words(chart.x.title, frame.left + frame.width, height - 4, "end");
  const bands = chart.layers.filter((layer) => layer.type === "band").map((layer) => {
    const [from, to] = layer.x.map((x) => clamp(toX(x), frame.left, frame.left + frame.width));
    return `<rect x="${px(from)}" y="${px(frame.top)}" width="${px(Math.max(0, to - from))}" height="${px(frame.height)}" fill="currentColor" opacity="0.07"/>`;
  });
  const ruleLabels = lanes.map(({ text, x, anchor, lane, at }) => `${words(text, x, frame.top - 4 - (laneCount - 1 - lane) * LINE, anchor)}${lane < laneCount - 1 ? line(at, frame.top - (laneCount - 1 - lane) * LINE, at, frame.top, PLOT_GRID) : ""}`);
  // A picture within the picture cuts off what lies outside the axes.
  const inside = chart.layers.filter((layer) => layer.type !== "band").map((layer) => layerSvg(layer, toX, toY, frame)).join("");
  const clipped = `<svg x="0" y="${px(frame.top - 6)}" width="${px(frame.left + frame.width + 6)}" height="${px(frame.height + 12)}" viewBox="0 ${px(frame.top - 6)} ${px(frame.left + frame.width + 6)} ${px(frame.height + 12)}">${inside}</svg>`;
  const axis = line(frame.left, bottom, frame.left + frame.width, bottom, "currentColor");
  const yRules = chart.layers.filter((layer) => layer.type === "rule" && layer.y !== undefined && layer.label).map((layer) => words(layer.label, frame.left + 6, toY(layer.y) - 5));
  return { height, body: [titles, ...bands, ...grid, key.svg, ...below, axis, clipped, ...yRules, ...ruleLabels, endLabels(atEnds, chart, toX, toY, frame), pointNames(chart.layers, toX, toY, frame)].join("") };
}

function layerSvg(layer, toX, toY, frame) {
  const colour = COLOURS[layer.colour ?? "text"];
  const dash = DASHES[layer.dash ?? "solid"];
  if (layer.type === "rule") {
    const ends = layer.y === undefined ? [toX(layer.x), frame.top, toX(layer.x), frame.top + frame.height] : [frame.left, toY(layer.y), frame.left + frame.width, toY(layer.y)];
    return line(...ends, colour, DASHES[layer.dash ?? "dashed"], 1.2);
  }
  if (layer.type === "area") {
    if (!layer.bounds.length) return "";
    const there = layer.bounds.map(([x, , high]) => `${px(toX(x))} ${px(toY(high))}`);
    const back = layer.bounds.toReversed().map(([x, low]) => `${px(toX(x))} ${px(toY(low))}`);
    return `<path d="M${there.join("L")}L${back.join("L")}Z" fill="${colour}" opacity="0.22"/>`;
  }
  if (layer.type === "spread") return layer.bounds.map(([x, low, high]) => line(toX(x), toY(low), toX(x), toY(high), colour, dash, 2)).join("");
  if (layer.type === "dots") return dotsSvg(layer, toX, toY, colour);
  if (layer.type === "points") return layer.points.map(([x, y]) => markSvg(layer.marker, toX(x), toY(y), layer.size ?? 5, colour)).join("");
  let path = "";
  let drawing = false;
  for (const point of layer.points) {
    if (point) path += `${drawing ? "L" : "M"}${px(toX(point[0]))} ${px(toY(point[1]))}`;
    drawing = point !== null;
  }
  const drawn = `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-linejoin="round"${dash && ` stroke-dasharray="${dash}"`}/>`;
  return drawn + (layer.marker ? spreadMarks(layer, toX, toY, colour) : "");
}

/** Five markers along a line, so that it can be told from others without its colour. */
function spreadMarks(layer, toX, toY, colour) {
  const points = layer.points.filter(Boolean);
  const every = Math.max(1, Math.floor(points.length / 5));
  return points.filter((_, position) => position % every === Math.floor(every / 2)).map(([x, y]) => markSvg(layer.marker, toX(x), toY(y), 4.5, colour)).join("");
}

/** Many marks as one path: a dot is a line without length under a round or a square cap. */
function dotsSvg({ marker, points, size }, toX, toY, colour) {
  const s = size;
  const cap = { circle: "round", square: "square" }[marker];
  const shape = cap ? "h0" : marker === "cross" ? `m-${s}-${s}l${2 * s} ${2 * s}m0-${2 * s}l-${2 * s} ${2 * s}` : `m-${s} 0l${s}-${s} ${s} ${s}-${s} ${s}z`;
  const path = points.map(([x, y]) => `M${px(toX(x))} ${px(toY(y))}${shape}`).join("");
  const paint = cap ? `fill="none" stroke="${colour}" stroke-width="${2 * s}" stroke-linecap="${cap}"` : marker === "cross" ? `fill="none" stroke="${colour}"` : `fill="${colour}"`;
  return `<path d="${path}" ${paint}/>`;
}

function markSvg(marker, x, y, size, colour) {
  const at = `transform="translate(${px(x)} ${px(y)})" fill="${colour}"`;
  const s = px(size);
  const d = px(size * 1.35);
  if (marker === "diamond") return `<path ${at} d="M0 -${d}L${d} 0L0 ${d}L-${d} 0Z"/>`;
  if (marker === "square") return `<path ${at} d="M-${s} -${s}H${s}V${s}H-${s}Z"/>`;
  if (marker === "triangle") return `<path ${at} d="M0 -${d}L${d} ${s}L-${d} ${s}Z"/>`;
  if (marker === "cross") return `<path ${at} d="M-${s} -${s}L${s} ${s}M-${s} ${s}L${s} -${s}" stroke="${colour}" stroke-width="2.5"/>`;
  return `<circle ${at} r="${s}"/>`;
}

function lastPoint(layer, axis) {
  return layer.points.findLast((point) => point && point[0] <= axis.high * (1 + 1e-9));
}

/** The names of lines beside their ends, moved apart where they would cover one another. */
function endLabels(layers, chart, toX, toY, frame) {
  const places = layers
    .map((layer) => ({ layer, x: toX(lastPoint(layer, chart.x)[0]), y: clamp(toY(lastPoint(layer, chart.x)[1]), frame.top, frame.top + frame.height) }))
    .sort((a, b) => a.y - b.y);
  const least = frame.top + 4;
  places.forEach((place, position) => { place.text = Math.max(place.y, position ? places[position - 1].text + 15 : least); });
  let limit = frame.top + frame.height;
  for (const place of places.toReversed()) {
    place.text = Math.min(place.text, limit);
    limit = place.text - 15;
  }
  const start = frame.left + frame.width + 8;
  return places.map(({ layer, text }) => words(layer.label, start, text + 4, "start", COLOURS[layer.colour ?? "text"])).join("");
}

// Where the name of a point can stand: from its middle, and how it is set there; the nearer places first.
const NEAR = [[10, 4, "start"], [-10, 4, "end"], [0, -10, "middle"], [0, 20, "middle"], [8, -8, "start"], [8, 17, "start"], [-8, -8, "end"], [-8, 17, "end"]];
const FAR = [26, 42, 58, 74, 90, 106, 122].flatMap((up) => [[0, -up, "middle"], [10, -up, "start"], [-10, -up, "end"]]);

/** The names of points, each at the nearest place that covers no mark and no other name, with a line to a far one. */
function pointNames(layers, toX, toY, frame) {
  const named = layers.filter(({ names }) => names).flatMap(({ points, names }) => points.map(([x, y], position) => ({ x: toX(x), y: toY(y), text: names[position] })));
  const taken = named.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  const free = (box) => box.left >= frame.left && box.right <= frame.left + frame.width + MARGIN.right && box.top >= frame.top - LINE && box.bottom <= frame.top + frame.height && taken.every((other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom);
  return named.map(({ x, y, text }) => {
    const size = textWidth(text);
    const boxes = [...NEAR, ...FAR].map(([dx, dy, anchor], place) => {
      const left = x + dx - (anchor === "end" ? size : anchor === "middle" ? size / 2 : 0);
      return { at: [x + dx, y + dy, anchor], left, right: left + size, top: y + dy - 11, bottom: y + dy + 3, far: place >= NEAR.length };
    });
    const box = boxes.find(free) ?? boxes[0];
    taken.push(box);
    return (box.far ? line(x, y - 6, clamp(x, box.left, box.right), box.bottom, PLOT_GRID) : "") + words(text, ...box.at);
  }).join("");
}

/** The key above a plot: a sample of each layer and its name, in as many lines as it takes. */
function keyLines(layers, width) {
  let x = 0;
  let row = 0;
  const svg = layers.map((layer) => {
    const needed = 34 + textWidth(layer.label) + 14;
    if (x > 0 && x + needed > width) { x = 0; row += 1; }
    const y = MARGIN.top + LINE + row * LINE + 9;
    const colour = COLOURS[layer.colour ?? "text"];
    const sample = layer.type === "points" || layer.type === "dots" ? markSvg(layer.marker, x + 13, y, 5, colour)
      : layer.type === "area" ? `<rect x="${px(x)}" y="${px(y - 6)}" width="26" height="12" fill="${colour}" opacity="0.3"/>`
      : line(x, y, x + 26, y, colour, DASHES[layer.dash ?? "solid"], 2.5) + (layer.marker ? markSvg(layer.marker, x + 13, y, 4.5, colour) : "");
    const drawn = sample + words(layer.label, x + 32, y + 4);
    x += needed;
    return drawn;
  });
  return { svg: svg.join(""), height: layers.length ? (row + 1) * LINE + 4 : 0 };
}

/** For labels above a plot: the line of text in which each has room, and how it is set at its place. */
function labelLanes(labels, width, start) {
  const lanes = [];
  return labels.map(({ text, at, centred }) => {
    const size = textWidth(text);
    const from = centred ? clamp(at - size / 2, start, Math.max(0, width - size)) : at + size <= width ? at : Math.max(0, at - size);
    let lane = lanes.findIndex((taken) => taken.every(([first, last]) => from > last + 8 || from + size < first - 8));
    if (lane < 0) lane = lanes.push([]) - 1;
    lanes[lane].push([from, from + size]);
    return { text, at, x: from, anchor: "start", lane };
  });
}

// ---- charts of rows ------------------------------------------------------------------------------------

const ROW = 26;

function rowsPlot(chart, width) {
  const narrow = width < WIDTHS.wide;
  const labelWidth = Math.max(...chart.rows.map((row) => textWidth(row.label)));
  // Where names would leave the bars too little room they stand above them.
  const above = narrow || labelWidth > 0.4 * width;
  const rowHeight = above ? ROW + LINE : ROW + 4;
  const wanted = ticksOf(chart.x, narrow ? 4 : 7);
  const left = above ? Math.max(8, textWidth(wanted[0].text) / 2 + 2) : labelWidth + 12;
  const texts = chart.rows.flatMap((row) => [...(row.spans ?? []), ...(row.marks ?? [])].map(({ text }) => (text ? textWidth(text) : 0)));
  const right = Math.max(MARGIN.right, ...texts.map((size) => size + 12));
  const toX = scaleOf(chart.x, left, width - right);
  const references = chart.references ?? [];
  const lanes = labelLanes(references.map(({ at, label }) => ({ text: label, at: toX(at), centred: false })), width, 0);
  const laneCount = lanes.length ? Math.max(...lanes.map(({ lane }) => lane)) + 1 : 0;
  const top = MARGIN.top + laneCount * LINE + 4;
  const bottom = top + chart.rows.length * rowHeight + 4;
  const height = bottom + MARGIN.bottom;
  const ticks = spaced(wanted, toX, width).map(({ at, text }) => `${line(toX(at), top, toX(at), bottom, PLOT_GRID)}${words(text, toX(at), bottom + 17, "middle")}`);
  const rules = references.map(({ at }, position) => line(toX(at), top - (laneCount - 1 - lanes[position].lane) * LINE, toX(at), bottom, "currentColor", DASHES.dashed, 1.2));
  const labels = lanes.map(({ text, x, lane }) => words(text, x, top - 4 - (laneCount - 1 - lane) * LINE));
  const ends = [];
  const rows = chart.rows.map((row, position) => {
    const y = top + position * rowHeight + (above ? LINE : 0) + 6;
    const middle = y + 8;
    const name = above ? words(row.label, 0, y - 4) : words(row.label, left - 8, middle + 5, "end");
    const spans = (row.spans ?? []).map((span) => spanSvg(span, y, toX)).join("");
    const marks = (row.marks ?? []).map(({ at, marker, colour, text }) => `${markSvg(marker, toX(at), middle, 5.5, COLOURS[colour ?? "text"])}${text ? words(text, toX(at) + 10, middle + 5) : ""}`).join("");
    const joined = chart.connected && ends.length ? line(toX(ends.at(-1).to), ends.at(-1).y + 16, toX(ends.at(-1).to), y, "currentColor", DASHES.dotted, 1) : "";
    if (row.spans?.length) ends.push({ to: row.spans.at(-1).to, y });
    return name + joined + spans + marks;
  });
  const axis = line(left, bottom, width - right, bottom, "currentColor");
  return { height, body: [...ticks, axis, ...rules, ...labels, ...rows, words(chart.x.title, width - 2, height - 6, "end")].join("") };
}

/** A bar; hatched ones have only an outline, so that two kinds in a row differ without colour. */
function spanSvg({ from, to, colour, text, hatched }, y, toX) {
  const [start, end] = [toX(from), toX(to)].sort((a, b) => a - b);
  const paint = COLOURS[colour ?? "text"];
  const fill = hatched ? `fill="none" stroke="${paint}" stroke-width="2" stroke-dasharray="4 2"` : `fill="${paint}"`;
  const bar = `<rect x="${px(start)}" y="${px(y)}" width="${px(Math.max(1, end - start))}" height="16" ${fill}/>`;
  return bar + (text ? words(text, end + 6, y + 13) : "");
}

// ---- axes ----------------------------------------------------------------------------------------------

function scaleOf(axis, start, end) {
  const by = axis.scale === "log" ? Math.log : (value) => value;
  const low = by(axis.low);
  const span = by(axis.high) - low;
  // Below a logarithmic axis lies everything down to 0.
  return (value) => (axis.scale === "log" && value <= 0 ? start - 2 * (end - start) : start + ((by(value) - low) / span) * (end - start));
}

/** Ticks of an axis, about as many as wanted: round values, or powers of ten. */
function ticksOf(axis, wanted) {
  const values = axis.ticks ?? (axis.scale === "log" ? logTicks(axis) : linearTicks(axis, wanted));
  const format = axis.format ?? ((value) => String(Number(value.toPrecision(6))));
  return values.map((at) => ({ at, text: format(at) }));
}

function linearTicks({ low, high }, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, position) => (first + position) * step);
}

function logTicks({ low, high }) {
  const powers = Math.log10(high / low);
  const factors = powers > 3 ? [1] : powers > 1.2 ? [1, 3] : [1, 2, 5];
  const every = Math.ceil(powers / 8);
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power += 1) {
    if (power % every) continue;
    for (const factor of factors) ticks.push(factor * 10 ** power);
  }
  return ticks.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

/** Ticks without those whose text would touch the one before. */
function spaced(ticks, toX, width) {
  let taken = -Infinity;
  return ticks.filter(({ at, text }) => {
    const half = textWidth(text) / 2;
    const fits = toX(at) - half > taken && toX(at) + half <= width + 4;
    if (fits) taken = toX(at) + half + 6;
    return fits;
  });
}

// ---- pieces --------------------------------------------------------------------------------------------

function line(x1, y1, x2, y2, stroke, dash = "", width = 1) {
  return `<path d="M${px(x1)} ${px(y1)}L${px(x2)} ${px(y2)}" stroke="${stroke}" stroke-width="${width}" fill="none"${dash && ` stroke-dasharray="${dash}"`}/>`;
}

function words(text, x, y, anchor = "start", colour = "currentColor") {
  const set = anchor === "start" ? "" : ` text-anchor="${anchor}"`;
  const paint = colour === "currentColor" ? "" : ` fill="${colour}"`;
  return `<text x="${px(x)}" y="${px(y)}"${set}${paint}>${escapeHtml(text)}</text>`;
}

function textWidth(text) {
  return LETTER * text.length;
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** A coordinate: a tenth of a pixel is enough, and what lies far outside stays a number. */
function px(value) {
  return String(Math.round(10 * clamp(value, -1e5, 1e5)) / 10);
}
