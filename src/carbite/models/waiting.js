import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded } from "./formats.js";

// Waiting for cells: the counterpart of waiting.py, which gives the equations and their sources.

const WAIT_MONTH_DAYS = 30;
const LONGEST_WAIT_DAYS = 90;

function infusedShare(wait, h, failure) {
  return (1 - failure) * Math.exp(-h * wait);
}

function waitingEnd(even, wording) {
  if (even === null) return wording.never;
  if (even <= 0) return wording.ahead;
  return even > LONGEST_WAIT_DAYS ? wording.late : wording.even;
}

function waitingResult(values, { wording }) {
  const h = -Math.log(1 - values.lost / 100) / WAIT_MONTH_DAYS;
  const failure = values.failure / 100;
  const infused = infusedShare(values.wait, h, failure);
  const gone = 1 - Math.exp(-h * values.wait);
  const other = (values.started * values.other_response) / 1e4;
  const responding = (infused * values.response) / 100;
  const even = h === 0 ? null : Math.log(((1 - failure) * values.response) / 100 / other) / h;
  const text = {
    wait: rounded(values.wait),
    lost: rounded(values.lost),
    infused: rounded(100 * infused),
    gone: rounded(100 * gone),
    no_product: rounded(100 * (1 - gone) * failure),
    responding: rounded(100 * responding),
    other: rounded(100 * other),
    even: even === null ? "–" : rounded(even),
  };
  const days = Array.from({ length: LONGEST_WAIT_DAYS + 1 }, (_, day) => day);
  return {
    rate_per_day: h, infused, gone, no_product: (1 - gone) * failure, responding, other, even_days: even,
    infused_curve: days.map((day) => [day, 100 * infusedShare(day, h, failure)]),
    responding_curve: days.map((day) => [day, values.response * infusedShare(day, h, failure)]),
    text,
    sentence: `${fill(wording.sentence, text)} ${fill(waitingEnd(even, wording), text)}`,
  };
}

function waitingCharts(result, values, { data, wording }) {
  const { text } = result;
  const percent = (value) => `${value} %`;
  return [
    {
      id: "wait",
      title: `${fill(wording.title, text)}.`,
      description: `Two falling curves over ${LONGEST_WAIT_DAYS} days of waiting: the share of enrolled patients infused, ${text.infused} % after ${text.wait} days, and the share in remission, ${text.responding} %. A level line at ${text.other} % is the share in remission with the drug that needs no wait. Points are trials: ${data.trials.map((trial) => `${trial.name} ${rounded(trial.percent)} % after ${trial.days} days`).join(", ")}.`,
      caption: "Points: trials as printed. ZUMA-1 counts days from leukapheresis to delivery, the others from enrolment to infusion; JULIET and ZUMA-1 treated lymphoma.",
      x: { title: "Days of waiting", low: 0, high: LONGEST_WAIT_DAYS },
      y: { title: "Of all enrolled", low: 0, high: 100, format: percent },
      layers: [
        { type: "line", points: result.infused_curve, colour: "car_t", label: "infused" },
        { type: "line", points: result.responding_curve, colour: "car_t", dash: "dashed", label: "in remission" },
        { type: "points", points: data.trials.map((trial) => [trial.days, trial.percent]), colour: "text", marker: "square", label: data.trials.map((trial) => trial.name).join(", ") },
        { type: "rule", y: 100 * result.other, colour: "bispecific", label: "in remission without a wait" },
        { type: "rule", x: values.wait, label: `${text.wait} days` },
      ],
      height: 280,
    },
  ];
}

function waitingTables(result, values, { data }) {
  return [
    { caption: "of all enrolled, by days of waiting", name: "waiting", head: ["days", "infused, %", "in remission, %"], rows: result.infused_curve.map(([day, share], position) => [day, share, result.responding_curve[position][1]]) },
    { caption: "trials that print a waiting time", name: "waiting-trials", head: ["trial", "clock", "days", "infused of enrolled, %"], rows: data.trials.map((trial) => [trial.name, trial.clock, trial.days, trial.percent]) },
  ];
}

defineModel("waiting", { result: waitingResult, charts: waitingCharts, tables: waitingTables });
