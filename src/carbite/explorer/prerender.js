import { defaultState } from "./state.js";
import { evaluate } from "./verdict.js";
import { explorerHtml } from "./view.js";

// Run by Node while the book is built: the default view as HTML, for readers without JavaScript and for print.

let input = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) input += chunk;
const { data, comparison, key } = JSON.parse(input);
const state = defaultState(data, comparison);
process.stdout.write(explorerHtml(data, state, evaluate(data, state), key));
