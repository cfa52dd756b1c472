import { showLive } from "./live_text.js";
import { defaultValues, formatValues, parseValues, sameValues } from "./parameters.js";
import { modelNamed } from "./registry.js";
import { mountSimulation } from "./simulation.js";
import { started } from "./start.js";
import { createStore } from "./store.js";

/** The simulations of a static page: a Share (address.js) for each model; its part of a link is "m.NAME". */
export function simulationShares() {
  const blocks = [...document.querySelectorAll("script.carbite-model")];
  return blocks.map((block) => {
    const { model } = block.previousElementSibling.dataset;
    const places = [...document.querySelectorAll(`.carbite-simulation[data-model="${model}"]`)];
    return started(places, ".sm-notice", () => simulationShare(places, JSON.parse(block.textContent)));
  }).filter(Boolean);
}

function simulationShare(places, about) {
  const usual = defaultValues(about);
  const store = createStore(usual);
  const part = `m.${about.name}`;
  const partsOfValues = (values) => (sameValues(about, values, usual) ? [] : [`${part}=${formatValues(about, values)}`]);
  return {
    place: places[0],
    owns: (key) => key === part,
    open(parts) {
      if (parts.length > 1) throw new Error(`"${part}" stands in it twice`);
      const values = parts.length ? parseValues(about, parts[0][1]) : usual;
      modelNamed(about.name).result(values, about); // refuses values that do not go together
      if (!sameValues(about, values, store.get())) store.set(values);
    },
    parts: () => partsOfValues(store.get()),
    mount(link) {
      const starts = places.map((el, position) => started([el], ".sm-notice", () => mountSimulation(el, about, store, {
        key: `sm-${about.name}-${position + 1}`, href: (values) => link(partsOfValues(values)),
        onResult: position === 0 ? (result) => showLiveTexts(about, result) : undefined,
      })));
      return starts.some(Boolean);
    },
    say(problem) {
      const text = problem && `This link could not be read: ${problem}. You see the starting values.`;
      for (const el of places) el.querySelector(".sm-notice").textContent = text;
    },
    watch: store.watch,
  };
}

/** Numbers in the prose that follow this model. */
function showLiveTexts(about, result) {
  for (const el of document.querySelectorAll(`[data-simulated^="${about.name}:"]`)) {
    showLive(el, result.text[el.dataset.simulated.slice(about.name.length + 1)]);
  }
}
