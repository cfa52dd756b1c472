import { curveDefault, curveHtml } from "./curve_view.js";

// Run by Node while the book is built: a specification curve with everything ticked, for readers without JavaScript.

let input = "";
process.stdin.setEncoding("utf8");
for await (const chunk of process.stdin) input += chunk;
const { data, key, explorer } = JSON.parse(input);
process.stdout.write(curveHtml(data, curveDefault(data), key, explorer));
