import { mount } from "./explorer.js";
import { keepKeysIn } from "./lab_keys.js";
import { sameState } from "./state.js";
import { createStore } from "./store.js";

// The widget in JupyterLab: the model's state, which Python shares, is the store.

export default {
  render({ model, el }) {
    const data = model.get("_data");
    const read = () => ({ ...structuredClone(model.get("selection")), options: { ...model.get("options") } });
    const store = createStore(read());
    el.classList.add("carbite-explorer");
    const releaseKeys = keepKeysIn(el);
    const stop = mount(el, data, store, { key: `cx-${Math.random().toString(36).slice(2)}`, initial: model.get("selection").comparison, href: null });
    const unwatch = store.watch(({ options, ...selection }) => {
      if (sameState(read(), store.get())) return;
      model.set("selection", selection);
      model.set("options", options);
      model.save_changes();
    });
    const pull = () => { if (!sameState(read(), store.get())) store.set(read()); };
    model.on("change:selection", pull);
    model.on("change:options", pull);
    return () => {
      releaseKeys();
      stop();
      unwatch();
      model.off("change:selection", pull);
      model.off("change:options", pull);
    };
  },
};
