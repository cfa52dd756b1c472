/**
 * In a notebook single keys are commands: arrows change the cell, "d d" deletes it. JupyterLab listens on the document
 * and leaves alone a target with this mark; the window comes first. Ctrl and Cmd stay with JupyterLab.
 * @param {HTMLElement} el within which keys are its own @returns {() => void} gives them back
 */
export function keepKeysIn(el) {
  const keep = ({ target, ctrlKey, metaKey }) => {
    if (el.contains(target)) target.toggleAttribute("data-lm-suppress-shortcuts", !ctrlKey && !metaKey);
  };
  window.addEventListener("keydown", keep, true);
  return () => window.removeEventListener("keydown", keep, true);
}
