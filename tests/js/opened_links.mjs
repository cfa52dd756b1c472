// The state that each link opens, as its link: node opened_links.mjs input.json answers.json, with {data, links} in and a list
// of links out, null for those that the page refuses.

import { readFileSync, writeFileSync } from "node:fs";

import { hashOf, isStateHash, partsOf } from "../../src/carbite/explorer/address.js";
import { isStateKey, stateOf, stateParts } from "../../src/carbite/explorer/state.js";

const [inputPath, answersPath] = process.argv.slice(2);
const { data, links } = JSON.parse(readFileSync(inputPath, "utf8"));

function opened(link) {
  try {
    if (!isStateHash(link)) return null;
    const own = partsOf(link).filter(([key]) => isStateKey(key));
    return hashOf(stateParts(data, stateOf(data, own)));
  } catch {
    return null;
  }
}

writeFileSync(answersPath, JSON.stringify(links.map(opened)));
