import { createStore } from "./store.js";
import { csvText } from "./text.js";

// What a reader predicted, in the explorer or beside the text: kept by this browser, over chapters and reloads, and
// sent nowhere. Whatever is found there is checked before it is used: anybody can write into a browser's storage.

/** Where they are kept. A later form of an entry gets a key of its own. */
export const PREDICTIONS_KEY = "carbite.predictions.1";
/** How sure a reader says to be; the same words stand in site/predict.py. */
export const SURENESS = { guess: "a guess", fairly: "fairly sure", very: "very sure" };
/** Where a prediction was made. */
export const ASKED_IN = ["text", "explorer"];
export const NOT_KEPT = "This browser keeps no data of this site, so your predictions last until you leave the page.";
export const UNREADABLE = "Some of what this browser had kept could not be read and was left out.";

const MOST_KEPT = 500;
const LONGEST_TEXT = 500;
const LONGEST_LINK = 50_000;
// A page beside this one, in some state: never another host, never a script.
const LINK = /^[\w.-]*(#[!-~]*)?$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/**
 * One prediction. expected and answer are in the words of the choices; it came true where they are the same.
 * @typedef {object} Prediction
 * @property {string} at when, in UTC @property {string} chapter the title of the page @property {string} asked_in
 * @property {string} question what was predicted @property {string} basis what was counted, and how
 * @property {string} sure "" or a key of SURENESS @property {string} expected @property {string} answer
 * @property {number | null} odds_ratio @property {number | null} ci_low @property {number | null} ci_high
 * @property {string} link the page, below the folder of the book, and the state in it; "" in JupyterLab
 */
const TEXTS = ["at", "chapter", "asked_in", "question", "basis", "sure", "expected", "answer"];
const NUMBERS = ["odds_ratio", "ci_low", "ci_high"];

/** Whether a value found in the storage is a prediction. */
export function isPrediction(value) {
  return value !== null && typeof value === "object"
    && TEXTS.every((name) => typeof value[name] === "string" && value[name].length <= LONGEST_TEXT)
    && NUMBERS.every((name) => value[name] === null || Number.isFinite(value[name]))
    && TIME.test(value.at) && !Number.isNaN(Date.parse(value.at))
    && (value.sure === "" || Object.hasOwn(SURENESS, value.sure)) && ASKED_IN.includes(value.asked_in)
    && typeof value.link === "string" && value.link.length <= LONGEST_LINK && LINK.test(value.link);
}

/** Whether it came true. */
export function cameTrue({ expected, answer }) {
  return expected === answer;
}

/** How many of a list came true. */
export function countTrue(list) {
  return list.filter(cameTrue).length;
}

/** What a text of the storage holds: {list, trouble}; trouble says what is to be told. */
export function predictionsOf(text) {
  if (text === null) return { list: [], trouble: "" };
  let found = null;
  try {
    found = JSON.parse(text);
  } catch {
    // said below
  }
  if (!Array.isArray(found)) return { list: [], trouble: UNREADABLE };
  const list = found.filter(isPrediction);
  return { list: list.slice(-MOST_KEPT), trouble: list.length === found.length ? "" : UNREADABLE };
}

/**
 * The predictions of this browser, or of this page alone where there is no storage.
 * @param {Storage | null} storage
 * @returns {{get: () => {list: Prediction[], trouble: string}, watch: (callback: () => void) => () => void,
 *   lasting: () => boolean, add: (prediction: Prediction) => void, clear: () => void, reread: () => void}}
 */
export function createKept(storage) {
  let present = storage;
  const store = createStore(read() ?? { list: [], trouble: NOT_KEPT });

  /** What is kept now, also by another tab; null where nothing can be. */
  function read() {
    try {
      return present && predictionsOf(present.getItem(PREDICTIONS_KEY));
    } catch {
      present = null;
      return null;
    }
  }

  /** Keep a list, and say what there is to say; what could not be read is gone with it. */
  function write(list, trouble) {
    try {
      present?.setItem(PREDICTIONS_KEY, JSON.stringify(list));
    } catch {
      // Full, or blocked meanwhile: from here on this page remembers by itself.
      present = null;
    }
    store.set({ list, trouble: present ? trouble : NOT_KEPT });
  }

  return {
    get: store.get,
    watch: store.watch,
    lasting: () => present !== null,
    add(prediction) {
      const { list, trouble } = read() ?? store.get();
      write([...list, prediction].slice(-MOST_KEPT), trouble);
    },
    clear: () => write([], ""),
    reread() {
      const found = read();
      if (found) store.set(found);
    },
  };
}

/** Those of the browser that shows this page; in each of its tabs the same. */
export function browsersPredictions() {
  // Where site data are blocked, head/start.js puts a storage of its own in the place, which lasts as long as the page.
  const kept = createKept(window.localStorage instanceof Storage ? window.localStorage : null);
  window.addEventListener("storage", ({ key }) => {
    if (key === PREDICTIONS_KEY || key === null) kept.reread();
  });
  return kept;
}

/** The page that is shown, as links of predictions name it. */
export function pageName() {
  return location.pathname.split("/").at(-1);
}

/** What every prediction has, whatever was asked. */
export function newPrediction(fields) {
  return { at: new Date().toISOString(), chapter: document.querySelector('meta[name="citation_title"]')?.content ?? "", ...fields };
}

const COLUMNS = ["prediction", "at", "chapter", "asked_in", "question", "basis", "sure", "expected", "answer", "came_true", ...NUMBERS, "link"];

/** A prediction as rows of files have it, with the whole address of its page. */
function exported(prediction, position) {
  const { link, sure } = prediction;
  return { prediction: position + 1, ...prediction, sure: SURENESS[sure] ?? "", came_true: cameTrue(prediction) ? "yes" : "no", link: link && new URL(link, location.href).href };
}

/** Predictions as CSV, a row each. */
export function predictionsCsv(list) {
  return csvText([COLUMNS, ...list.map((prediction, position) => COLUMNS.map((name) => exported(prediction, position)[name]))]);
}

/** The same as JSON. */
export function predictionsJson(list) {
  const rows = list.map((prediction, position) => Object.fromEntries(COLUMNS.map((name) => [name, exported(prediction, position)[name]])));
  return `${JSON.stringify({ format: "carbite-predictions", version: 1, predictions: rows }, null, 1)}\n`;
}
