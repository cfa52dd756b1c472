// What a specification curve does with states: node curves.mjs input.json answers.json
// {data, explorer, offs} in; for each list of unticked choices out: its link read back, the verdicts shown, the summary
// and how many rows the file has. And the explorer's link of every universe, and its name read back.

import { readFileSync, writeFileSync } from "node:fs";

import { curveCsv, curveDefault, curveHtml, curveSummary, explorerLink, formatCurve, parseCurve, shownUniverses } from "../../src/carbite/explorer/curve_view.js";

const [inputPath, answersPath] = process.argv.slice(2);
const { data, explorer, offs, broken } = JSON.parse(readFileSync(inputPath, "utf8"));
const usual = curveDefault(data);
// The default has no part in a link.
const again = (state) => (formatCurve(data, state) ? parseCurve(data, formatCurve(data, state)) : usual);
const states = offs.map((off) => {
  const state = { ...usual, off };
  const shown = shownUniverses(data, state);
  return {
    again: again(state),
    verdicts: shown.map(({ verdict }) => verdict),
    summary: curveSummary(data, shown),
    lines: curveCsv(data, shown).trim().split("\r\n").length,
    html: curveHtml(data, state, "k", explorer),
  };
});
const message = (text) => {
  try {
    return JSON.stringify(parseCurve(data, text));
  } catch (error) {
    return error.message;
  }
};
writeFileSync(answersPath, JSON.stringify({
  at: usual.at,
  states,
  links: data.universes.map((universe) => (universe.ratio ? explorerLink(data, universe, explorer) : null)),
  again: data.universes.map((_, at) => again({ off: [], at }).at),
  broken: broken.map(message),
}));
