import { keepKeysIn } from "./lab_keys.js";
import { sameValues } from "./parameters.js";
import { mountSimulation } from "./simulation.js";
import { createStore } from "./store.js";

// A simulation in JupyterLab: the model's values, which Python shares, are the store.

export default {
  render({ model, el }) {
    const about = model.get("_about");
    const store = createStore({ ...model.get("values") });
    el.classList.add("carbite-simulation");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", about.title);
    const releaseKeys = keepKeysIn(el);
    const stop = mountSimulation(el, about, store, { key: `sm-${Math.random().toString(36).slice(2)}`, href: null });
    const unwatch = store.watch((values) => {
      if (sameValues(about, model.get("values"), values)) return;
      model.set("values", { ...values });
      model.save_changes();
    });
    const pull = () => { if (!sameValues(about, model.get("values"), store.get())) store.set({ ...model.get("values") }); };
    model.on("change:values", pull);
    return () => {
      releaseKeys();
      stop();
      unwatch();
      model.off("change:values", pull);
    };
  },
};
