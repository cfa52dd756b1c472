// The link of each state: node hashes.mjs input.json answers.json, with {data, states} in and a list of links out.

import { readFileSync, writeFileSync } from "node:fs";

import { formatHash } from "../../src/carbite/explorer/state.js";

const [inputPath, answersPath] = process.argv.slice(2);
const { data, states } = JSON.parse(readFileSync(inputPath, "utf8"));
writeFileSync(answersPath, JSON.stringify(states.map((state) => formatHash(data, state))));
