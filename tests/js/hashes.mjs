// The link of each state: node hashes.mjs input.json answers.json, with {data, states} in and a list of links out.

import { readFileSync, writeFileSync } from "node:fs";

import { hashOf } from "../../src/carbite/explorer/address.js";
import { stateParts } from "../../src/carbite/explorer/state.js";

const [inputPath, answersPath] = process.argv.slice(2);
const { data, states } = JSON.parse(readFileSync(inputPath, "utf8"));
writeFileSync(answersPath, JSON.stringify(states.map((state) => hashOf(stateParts(data, state)))));
