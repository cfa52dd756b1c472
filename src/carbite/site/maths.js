// Reads formulas as JSON, one a line, and answers each with its HTML, or with the reason why there is none.
"use strict";
const katex = require("./vendor/katex/katex.min.js");

require("readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { tex, display } = JSON.parse(line);
    let answer;
    try {
      answer = { html: katex.renderToString(tex, { displayMode: display, strict: "error" }) };
    } catch (error) {
      answer = { error: error.message };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
