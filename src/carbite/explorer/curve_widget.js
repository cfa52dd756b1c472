import { curveDefault } from "./curve_view.js";
import { mountCurve } from "./curve.js";
import { keepKeysIn } from "./lab_keys.js";
import { createStore } from "./store.js";

// A specification curve in JupyterLab. All its universes come with it, so it needs nothing more from Python.

export default {
  render({ model, el }) {
    const data = model.get("_data");
    el.classList.add("carbite-curve");
    const releaseKeys = keepKeysIn(el);
    const key = `sc-${Math.random().toString(36).slice(2)}`;
    const stop = mountCurve(el, data, createStore(curveDefault(data)), { key, explorer: model.get("_explorer"), href: null });
    return () => {
      releaseKeys();
      stop();
    };
  },
};
