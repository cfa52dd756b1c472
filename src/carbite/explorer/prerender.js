import { Gosh } from "./gosh.js";
import { goshHtml } from "./gosh_view.js";
import { defaultState } from "./state.js";
import { comparisonOf, evaluate } from "./verdict.js";
import { explorerHtml } from "./view.js";

// Run by Node while the book is built: the default view as HTML, for readers without JavaScript and for print.

let input = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) input += chunk;
const { data, comparison, key } = JSON.parse(input);
const state = defaultState(data, comparison);
const result = evaluate(data, state);
const gosh = new Gosh(data);
gosh.begin(state, result);
while (!gosh.advance());
const panel = goshHtml(data, comparisonOf(data, comparison), state, result, gosh.summary);
process.stdout.write(explorerHtml(data, state, result, key, panel));
