// The models that were loaded: each file of ../models that is one says so when it is read.

const MODELS = new Map();

/**
 * What the page needs of a model; context holds its data and wording as Python wrote them.
 * @typedef {object} PageModel
 * @property {(values: object, context: object) => object} result the same as Python's, from checked values;
 *   throws an Error in words for the reader where values do not go together
 * @property {(result: object, values: object, context: object) => Chart[]} charts see plot.js
 * @property {(result: object, values: object, context: object) => {caption: string, name: string, head: string[],
 *   rows: (string | number | null)[][]}[]} tables the numbers of the charts; name is that of the CSV file
 */

/** Make a model known. @param {string} name @param {PageModel} model */
export function defineModel(name, model) {
  MODELS.set(name, model);
}

/** @param {string} name @returns {PageModel} */
export function modelNamed(name) {
  const found = MODELS.get(name);
  if (!found) throw new Error(`no model "${name}" was loaded; there are ${[...MODELS.keys()].join(", ")}`);
  return found;
}
