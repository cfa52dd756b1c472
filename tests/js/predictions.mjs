// What is kept of predictions: input {texts, storages, entry, entries}, output {read, kept, tabs, csv, json, sureness}.
import { readFileSync, writeFileSync } from "node:fs";
import { createKept, predictionsCsv, predictionsJson, predictionsOf, SURENESS } from "../../src/carbite/explorer/kept_predictions.js";

const [input, output] = process.argv.slice(2);
const { texts, entry, entries } = JSON.parse(readFileSync(input, "utf8"));
globalThis.location = { href: "https://example.org/book/predictions.html" };

function refuse() {
  throw new DOMException("no", "SecurityError");
}

function working() {
  const items = new Map();
  return { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value) };
}

const storages = {
  none: null,
  blocked: { getItem: refuse, setItem: refuse },
  full: { getItem: () => null, setItem: refuse },
  working: working(),
};

/** Add one twice, delete all, add one; what is there after each. */
function use(storage) {
  const kept = createKept(storage);
  const seen = [];
  let calls = 0;
  kept.watch(() => { calls += 1; });
  const note = () => seen.push([kept.get().list.length, kept.get().trouble, kept.lasting()]);
  note();
  for (const act of [() => kept.add(entry), () => kept.add(entry), kept.clear, () => kept.add(entry)]) {
    act();
    note();
  }
  return { seen, calls };
}

const shared = working();
const [first, second] = [createKept(shared), createKept(shared)];
for (const tab of [first, second, first]) tab.add(entry);
second.reread();

writeFileSync(output, JSON.stringify({
  read: texts.map((text) => predictionsOf(text)),
  kept: Object.fromEntries(Object.entries(storages).map(([name, storage]) => [name, use(storage)])),
  tabs: [first.get().list.length, second.get().list.length],
  csv: predictionsCsv(entries),
  json: predictionsJson(entries),
  sureness: SURENESS,
}));
