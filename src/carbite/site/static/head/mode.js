// Light or dark before the first paint: what the reader chose, else what the system asks for.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("mode");
  } catch {
    // Reading it throws where the browser blocks site data: the system's setting holds.
  }
  const mode = chosen === "light" || chosen === "dark" ? chosen : "auto";
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = mode === "auto" ? system : mode;
})();
