import { readFileSync, writeFileSync } from "node:fs";
import { evaluate } from "../../src/carbite/explorer/verdict.js";
import { hashOf, partsOf } from "../../src/carbite/explorer/address.js";
import { sameState, stateOf, stateParts } from "../../src/carbite/explorer/state.js";

// Evaluate states that Python drew, and send each through a link and back.

const [input, output] = process.argv.slice(2);
const { data, states } = JSON.parse(readFileSync(input, "utf8"));
const answers = states.map((state) => {
  const back = stateOf(data, partsOf(hashOf(stateParts(data, state))));
  return { result: evaluate(data, state), link_keeps_state: sameState(state, back) };
});
writeFileSync(output, JSON.stringify(answers));
