// What the explorer makes of links: input {data, comparison, links}, output an answer for each link.
import { readFileSync, writeFileSync } from "node:fs";
import { hashOf, isStateHash, partsOf } from "../../src/carbite/explorer/address.js";
import { defaultState, isStateKey, sameState, stateOf, stateParts } from "../../src/carbite/explorer/state.js";
import { evaluate } from "../../src/carbite/explorer/verdict.js";
import { explorerHtml } from "../../src/carbite/explorer/view.js";

const [input, output] = process.argv.slice(2);
const { data, comparison, links } = JSON.parse(readFileSync(input, "utf8"));

function parse(link) {
  const parts = partsOf(link);
  if (!parts.every(([key]) => isStateKey(key))) throw new Error("a part of another component");
  return stateOf(data, parts);
}

function answer(link) {
  if (!isStateHash(link)) return { outcome: "anchor" };
  let state;
  try {
    state = parse(link);
  } catch (error) {
    // The parser's own refusals are plain errors; a TypeError or RangeError is a fault of the parser.
    return { outcome: error.constructor === Error ? "refused" : "fault", message: String(error) };
  }
  try {
    explorerHtml(data, state, evaluate(data, state), "key");
    const again = parse(hashOf(stateParts(data, state)));
    return sameState(state, again) ? { outcome: "read" } : { outcome: "fault", message: "its own link is another state" };
  } catch (error) {
    return { outcome: "fault", message: String(error) };
  }
}

evaluate(data, defaultState(data, comparison)); // compiled before anything is timed
const answers = links.map((link) => {
  const start = performance.now();
  return { ...answer(link), ms: performance.now() - start };
});
writeFileSync(output, JSON.stringify(answers));
