// Draws fractions and normal deviates: node draws.mjs asked.json answers.json, where asked.json holds {seed, count, columns}.

import { readFileSync, writeFileSync } from "node:fs";

import { fractionsFrom, normalDraws } from "../../src/carbite/models/draws.js";

const [input, output] = process.argv.slice(2);
const { seed, count, columns } = JSON.parse(readFileSync(input, "utf8"));
const fraction = fractionsFrom(seed);
const fractions = Array.from({ length: 2000 }, () => fraction());
writeFileSync(output, JSON.stringify({ fractions, deviates: [...normalDraws(count, columns)] }));
