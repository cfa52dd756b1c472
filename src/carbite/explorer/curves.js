import { curveDefault, formatCurve, parseCurve, sameCurve } from "./curve_view.js";
import { mountCurve } from "./curve.js";
import { started } from "./start.js";
import { createStore } from "./store.js";

/** The specification curves of a static page: a Share (address.js) for each; its part of a link is "u.CLAIM". */
export function curveShares() {
  const places = [...document.querySelectorAll(".carbite-curve")];
  return places.map((el, position) => started([el], ".sc-notice", () => curveShare(el, position))).filter(Boolean);
}

function curveShare(el, position) {
  const data = JSON.parse(el.nextElementSibling.textContent);
  const usual = curveDefault(data);
  const store = createStore(usual);
  const part = `u.${data.claim}`;
  const partsOfState = (state) => (sameCurve(state, usual) ? [] : [`${part}=${formatCurve(data, state)}`]);
  return {
    place: el,
    owns: (key) => key === part,
    open(parts) {
      if (parts.length > 1) throw new Error(`"${part}" stands in it twice`);
      const state = parts.length ? parseCurve(data, parts[0][1]) : usual;
      if (!sameCurve(state, store.get())) store.set(state);
    },
    parts: () => partsOfState(store.get()),
    mount(link) {
      return Boolean(started([el], ".sc-notice", () => mountCurve(el, data, store, {
        key: `sc${position + 1}`, explorer: el.dataset.explorer, href: (state) => link(partsOfState(state)),
      })));
    },
    say(problem) {
      el.querySelector(".sc-notice").textContent = problem && `This link could not be read: ${problem}. You see every universe.`;
    },
    watch: store.watch,
  };
}
