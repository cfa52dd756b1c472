import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// The bill of one patient: the counterpart of bill.py, which gives the sums and their sources.

const BILL_PARTS = { product: "product", hospital: "hospital", igg: "immunoglobulin" };

function billParts(values, { first, later }) {
  return {
    car_t: { product: values.price_car_t, hospital: values.days_car_t * values.cost_day, igg: values.igg_car_t * values.cost_igg },
    bispecific: {
      product: values.price_bispecific * (values.price_is === "cycle" ? values.cycles : 1),
      hospital: (first + later * (values.cycles - 1)) * values.cost_day,
      igg: values.igg_bispecific * values.cost_igg,
    },
  };
}

function billTotals(found) {
  return Object.fromEntries(Object.entries(found).map(([arm, parts]) => [arm, Object.values(parts).reduce((sum, part) => sum + part, 0)]));
}

function cyclesForEqual(values, days) {
  const bill = billTotals(billParts({ ...values, price_is: "cycle", cycles: 1 }, days));
  const further = values.price_bispecific + days.later * values.cost_day;
  return further > 0 ? 1 + (bill.car_t - bill.bispecific) / further : Infinity;
}

function billResult(values, { data, wording }) {
  const parts = billParts(values, data);
  const totals = billTotals(parts);
  const even = cyclesForEqual(values, data);
  const hasEven = even >= 1 && even < Infinity;
  const text = {
    car_t: rounded(totals.car_t), bispecific: rounded(totals.bispecific),
    difference: rounded(Math.abs(totals.car_t - totals.bispecific)),
    even: hasEven ? rounded(even, 1) : "–",
  };
  const kind = totals.car_t > totals.bispecific ? "dearer" : "cheaper";
  return {
    parts, totals, even_cycles: hasEven ? even : null, text,
    sentence: `${fill(wording[kind], text)} ${fill(wording[hasEven ? "even" : "no_even"], text)}`,
  };
}

function billCharts(result, values, { wording }) {
  const { text, parts } = result;
  const named = { car_t: "CAR T cells", bispecific: "Blinatumomab" };
  const rows = Object.entries(named).flatMap(([arm, name]) => {
    let from = 0;
    return Object.entries(BILL_PARTS).map(([part, label]) => {
      const span = { from, to: from + parts[arm][part], colour: arm, hatched: part !== "product", text: rounded(parts[arm][part]) };
      from = span.to;
      return { label: `${name}: ${label}`, spans: [span] };
    });
  });
  return [
    {
      id: "bill",
      title: `${fill(wording.title, text)}.`,
      description: `Each bill as steps. ${Object.entries(named).map(([arm, name]) => `${name}: ${Object.entries(BILL_PARTS).map(([part, label]) => `${label} ${rounded(parts[arm][part])}`).join(", ")}, together ${text[arm]}`).join(". ")} US dollars.`,
      caption: "Each step begins where the last ended. Outlined: days and months at an assumed price.",
      x: { title: "US dollars", low: 0, high: 1.05 * Math.max(1, ...Object.values(result.totals)), format: (value) => `${rounded(value / 1000)}k` },
      rows,
    },
  ];
}

function billTables(result) {
  const { parts, totals } = result;
  return [{
    caption: "bill by part, US dollars", name: "bill", head: ["part", "CAR T cells", "blinatumomab"],
    rows: [...Object.entries(BILL_PARTS).map(([part, label]) => [label, parts.car_t[part], parts.bispecific[part]]), ["together", totals.car_t, totals.bispecific]],
  }];
}

defineModel("bill", { result: billResult, charts: billCharts, tables: billTables });
