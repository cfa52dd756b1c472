import { copyLink } from "./handing_over.js";
import { defaultValues, sliderText, valueOf } from "./parameters.js";
import { redraw } from "./redraw.js";
import { modelNamed } from "./registry.js";
import { simulationHtml, simulationParts } from "./simulation_view.js";

// Wires one simulation to one store of values: what a reader sets becomes new values, new values are drawn.

// What is read out, and the tables, wait until the reader's hand rests.
const REST_MS = 300;

/**
 * Draw a simulation into an element and keep it up to date.
 * @param {HTMLElement} el @param {object} about what Python's Model.description() wrote @param {object} store of values
 * @param {{key: string, href: ((values: object) => string) | null, onResult?: (result: object) => void}} how
 *   href makes the link of values; null where there is no address to share
 * @returns {() => void} stops it
 */
export function mountSimulation(el, about, store, how) {
  const { key, href, onResult } = how;
  const model = modelNamed(about.name);
  const part = (name) => el.querySelector(`.sm-${name}`);
  let drawn = false;
  let rest = 0;
  let frame = 0;
  let pending = {};

  function draw(values) {
    const result = model.result(values, about);
    if (!drawn) {
      el.innerHTML = simulationHtml(about, model, values, result, key);
      el.classList.add("sm-live");
      if (!href) el.querySelector('[data-tool="link"]').remove();
    } else {
      const { data, ...parts } = simulationParts(about, model, values, result, key);
      part("sentence").textContent = result.sentence;
      for (const [name, html] of Object.entries(parts)) redraw(part(name), keepOpen(part(name), html));
      clearTimeout(rest);
      rest = setTimeout(() => {
        part("said").textContent = result.sentence;
        redraw(part("data"), keepOpen(part("data"), data));
      }, REST_MS);
    }
    drawn = true;
    onResult?.(result);
  }

  /** New HTML in which what a reader unfolded stays so. */
  function keepOpen(present, html) {
    const open = [...present.querySelectorAll("details")].map((details) => details.open);
    let position = 0;
    return html.replaceAll("<details ", (tag) => (open[position++] ? "<details open " : tag));
  }

  function notice(text) {
    part("notice").textContent = text;
  }

  /** Say why a value is refused; it stands in its field until the next choice. */
  function refuse(field, error) {
    field.setAttribute("aria-invalid", "true");
    notice(`${error.message}.`);
  }

  /** Take over values, unless they do not go together. */
  function change(patch, field) {
    const values = { ...store.get(), ...patch };
    try {
      model.result(values, about);
    } catch (error) {
      refuse(field, error);
      return;
    }
    notice("");
    store.set(values);
  }

  function read(field) {
    const parameter = about.parameters.find(({ name }) => name === field.dataset.parameter);
    const text = field.type === "checkbox" ? String(field.checked) : field.type === "range" ? sliderText(parameter, field.value) : field.value;
    return { [parameter.name]: valueOf(parameter, text) };
  }

  // A slider answers while it moves, once for each picture that the screen shows.
  function onInput({ target }) {
    if (target.type !== "range") return;
    Object.assign(pending, read(target));
    if (!frame) {
      frame = requestAnimationFrame(() => {
        const patch = pending;
        frame = 0;
        pending = {};
        change(patch, target);
      });
    }
  }

  function onChange({ target }) {
    if (!target.dataset.parameter || target.type === "range") return;
    try {
      change(read(target), target);
    } catch (error) {
      refuse(target, error);
    }
  }

  function onClick({ target }) {
    const { tool } = target.closest("button")?.dataset ?? {};
    if (tool === "reset") change(defaultValues(about), el);
    if (tool === "link") copyLink(href(store.get()), notice, part("notice"));
  }

  const onSubmit = (event) => event.preventDefault();

  el.addEventListener("input", onInput);
  el.addEventListener("change", onChange);
  el.addEventListener("click", onClick);
  el.addEventListener("submit", onSubmit);
  const unwatch = store.watch(draw);
  draw(store.get());
  return () => {
    unwatch();
    clearTimeout(rest);
    cancelAnimationFrame(frame);
    el.removeEventListener("input", onInput);
    el.removeEventListener("change", onChange);
    el.removeEventListener("click", onClick);
    el.removeEventListener("submit", onSubmit);
  };
}
