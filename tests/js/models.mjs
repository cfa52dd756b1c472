// Computes a model for many values at once: node models.mjs asked.json answers.json
// asked.json holds {about, values: [...], drawn: how many of them get drawings of their charts}; answers.json then
// holds for each {result, charts, tables, link_keeps_values} or {error}.

import { readFileSync, writeFileSync } from "node:fs";

import { formatValues, parseValues, sameValues } from "../../src/carbite/explorer/parameters.js";
import { figureHtml } from "../../src/carbite/explorer/plot.js";
import { modelNamed } from "../../src/carbite/explorer/registry.js";

const [input, output] = process.argv.slice(2);
const { about, values, drawn } = JSON.parse(readFileSync(input, "utf8"));
await import(`../../src/carbite/models/${about.name}.js`);
const model = modelNamed(about.name);

function answer(each, position) {
  let result;
  try {
    result = model.result(each, about);
  } catch (error) {
    return { error: error.message };
  }
  const charts = model.charts(result, each, about);
  const link = formatValues(about, each);
  return {
    result,
    charts: charts.map((chart) => ({ id: chart.id, title: chart.title, description: chart.description, drawings: position < drawn ? [figureHtml(chart)] : [] })),
    tables: model.tables(result, each, about),
    link_keeps_values: link === "" || sameValues(about, each, parseValues(about, link)),
  };
}

writeFileSync(output, JSON.stringify(values.map(answer)));
