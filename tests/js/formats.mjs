// Formats numbers: node formats.mjs cases.json answers.json, with cases [value, digits].

import { readFileSync, writeFileSync } from "node:fs";

import { rounded, significant } from "../../src/carbite/models/formats.js";

const [input, output] = process.argv.slice(2);
const cases = JSON.parse(readFileSync(input, "utf8"));
writeFileSync(output, JSON.stringify(cases.map(([value, digits]) => [rounded(value, digits), significant(value, digits + 1)])));
