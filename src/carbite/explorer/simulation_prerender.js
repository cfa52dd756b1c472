import { defaultValues } from "./parameters.js";
import { modelNamed } from "./registry.js";
import { simulationHtml } from "./simulation_view.js";

// Run by Node while the book is built: a simulation at its starting values as HTML, for readers without JavaScript.

let input = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) input += chunk;
const { about, key } = JSON.parse(input);
await import(`../models/${about.name}.js`);
const model = modelNamed(about.name);
const values = defaultValues(about);
process.stdout.write(simulationHtml(about, model, values, model.result(values, about), key));
