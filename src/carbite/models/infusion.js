import { defineModel } from "../explorer/registry.js";
import { fill } from "../explorer/text.js";
import { rounded, significant } from "./formats.js";

// Continuous infusion into one compartment: the counterpart of infusion.py, which gives the equation and its sources.

const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 7 * HOURS_PER_DAY;
const FIRST_WEEK_DAYS = 7;
const INFUSION_BENDS = [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8, 12];
const FALL_HOURS = 24;
const FALL_SHARES = { half: 0.5, tenth: 0.1, hundredth: 0.01 };
const HARDLY_ANY = 1;

/** What runs when: [start in hours, end in hours, dose in µg per day]. */
function infusionSchedule(values) {
  const segments = [];
  let start = 0;
  for (let cycle = 0; cycle < values.cycles; cycle += 1) {
    const on = values.on_weeks * HOURS_PER_WEEK;
    const stepped = cycle === 0 ? Math.min(FIRST_WEEK_DAYS * HOURS_PER_DAY, on) : 0;
    for (const [length, dose] of [[stepped, values.first_dose], [on - stepped, values.dose], [values.off_weeks * HOURS_PER_WEEK, 0]]) {
      if (length > 0) {
        segments.push([start, start + length, dose]);
        start += length;
      }
    }
  }
  return segments;
}

function stoppedSchedule(segments, stop, horizon) {
  const kept = segments.filter(([start]) => start < stop).map(([start, end, dose]) => [start, Math.min(end, stop), dose]);
  return [...kept, [kept.length ? kept.at(-1)[1] : 0, Math.max(horizon, stop), 0]];
}

function levelAfter(level, settled, k, hours) {
  return settled + (level - settled) * Math.exp(-k * hours);
}

function levelAt(segments, k, hours, full) {
  let level = 0;
  for (const [start, end, dose] of segments) {
    level = levelAfter(level, (100 * dose) / full, k, Math.min(end, hours) - start);
    if (hours <= end) break;
  }
  return level;
}

function infusionCourse(segments, k, full) {
  const halfLife = Math.LN2 / k;
  const points = [[0, 0]];
  let level = 0;
  for (const [start, end, dose] of segments) {
    const settled = (100 * dose) / full;
    const times = [...INFUSION_BENDS.map((bend) => bend * halfLife).filter((time) => time > 0 && time < end - start), end - start];
    for (const time of times) points.push([(start + time) / HOURS_PER_DAY, levelAfter(level, settled, k, time)]);
    level = levelAfter(level, settled, k, end - start);
  }
  return points;
}

function timeText(hours, wording) {
  if (hours < 1) return fill(wording.minutes, { number: significant(60 * hours) });
  if (hours <= 72) return fill(wording.hours, { number: significant(hours) });
  return fill(wording.days, { number: significant(hours / HOURS_PER_DAY) });
}

function infusionResult(values, { data, wording }) {
  const halfLife = values.half_life;
  const k = Math.LN2 / halfLife;
  const planned = infusionSchedule(values);
  const stop = values.stop_day * HOURS_PER_DAY;
  const end = planned.at(-1)[1];
  const segments = stoppedSchedule(planned, stop, end);
  const atStop = levelAt(segments, k, stop, data.full_dose);
  const falls = Object.fromEntries(Object.entries(FALL_SHARES).map(([name, share]) => [name, halfLife * Math.log2(1 / share)]));
  const iggHalfLife = data.igg_half_life_days * HOURS_PER_DAY;
  const text = {
    half_life: timeText(halfLife, wording),
    stop: values.stop_day < 10 ? significant(values.stop_day) : rounded(values.stop_day),
    level: `${rounded(atStop)} %`,
    steady: timeText(falls.tenth, wording),
    ...Object.fromEntries(Object.entries(falls).map(([name, hours]) => [name, timeText(hours, wording)])),
    first_level: `${rounded((100 * values.first_dose) / data.full_dose)} %`,
    igg_tenth: timeText(iggHalfLife * Math.log2(1 / FALL_SHARES.tenth), wording),
    igg_half: timeText(iggHalfLife, wording),
  };
  const fall = (half) => Array.from({ length: FALL_HOURS + 1 }, (_, hour) => [hour, 100 * 0.5 ** (hour / half)]);
  return {
    k_per_hour: k,
    at_stop_percent: atStop,
    falls_hours: falls,
    days: end / HOURS_PER_DAY,
    planned: infusionCourse(planned, k, data.full_dose),
    stopped: infusionCourse(segments, k, data.full_dose),
    infusing: segments.filter(([, , dose]) => dose > 0).map(([from, to]) => [from / HOURS_PER_DAY, to / HOURS_PER_DAY]),
    fall: fall(halfLife),
    fall_igg: fall(iggHalfLife),
    text,
    sentence: fill(wording[atStop >= HARDLY_ANY ? "running" : "pause"], text),
  };
}

function infusionCharts(result, values, { wording }) {
  const { text } = result;
  const high = Math.max(120, ...result.planned.map(([, level]) => 1.1 * level));
  const percentTick = (value) => `${value} %`;
  return [
    {
      id: "course",
      title: `${fill(wording[result.falls_hours.tenth <= 2 * HOURS_PER_DAY ? "fast" : "slow"], text)}.`,
      description: `The level over ${rounded(result.days)} days, in per cent of the steady level of the full dose. It settles at ${text.first_level} in the first week. Stopped on day ${text.stop} at ${text.level}; the dotted line shows the course without a stop.`,
      caption: "Level relative to the steady level of the full dose; shaded: the pump runs.",
      x: { title: "Days since the start", low: 0, high: Math.max(result.days, values.stop_day) },
      y: { title: "Level, % of the full dose's steady level", low: 0, high, format: percentTick },
      layers: [
        ...result.infusing.map((x) => ({ type: "band", x })),
        { type: "line", points: result.planned, colour: "text", dash: "dotted", label: "as planned" },
        { type: "line", points: result.stopped, colour: "bispecific", label: "stopped" },
        { type: "rule", x: values.stop_day, label: `stopped on day ${text.stop}` },
      ],
      height: 260,
    },
    {
      id: "fall",
      title: `After the stop half is left after ${text.half}; of an antibody like IgG, after ${text.igg_half} or more.`,
      description: `What is left of the level at the stop, over ${FALL_HOURS} hours. With a half-life of ${text.half_life} a tenth is left after ${text.tenth}. With that of an IgG-like antibody a tenth is left after ${text.igg_tenth}.`,
      x: { title: "Hours since the stop", low: 0, high: FALL_HOURS, ticks: [0, 4, 8, 12, 16, 20, 24] },
      y: { title: "Left of the level at the stop", low: 0, high: 105, ticks: [0, 10, 50, 100], format: percentTick },
      layers: [
        { type: "line", points: result.fall_igg, colour: "text", dash: "dashed", label: "IgG-like antibody" },
        { type: "line", points: result.fall, colour: "bispecific", label: "this drug", marker: "diamond" },
        { type: "rule", y: 10 },
      ],
      height: 220,
    },
  ];
}

function infusionTables(result) {
  return [
    { caption: "the level over the whole course", name: "infusion-course", head: ["day", "level when stopped, % of full", "course"], rows: [...result.stopped.map(([day, level]) => [day, level, "stopped"]), ...result.planned.map(([day, level]) => [day, level, "as planned"])] },
    { caption: "the fall after the stop", name: "infusion-fall", head: ["hours since the stop", "left, %", "left of an IgG-like antibody, %"], rows: result.fall.map(([hour, left], position) => [hour, left, result.fall_igg[position][1]]) },
  ];
}

defineModel("infusion", { result: infusionResult, charts: infusionCharts, tables: infusionTables });
