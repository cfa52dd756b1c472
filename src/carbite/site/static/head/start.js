// What has to happen before the first paint and before any other script.
(() => {
  const page = document.documentElement;

  // Scripts run. One that does not arrive whole takes that back: what only it brings to life would be dead, so the
  // styles hide it, and the page says so (templates/layout.html).
  page.dataset.scripts = "run";
  const missing = ({ target, error }) => {
    if (target.localName === "script" || error instanceof SyntaxError) page.dataset.scripts = "missing";
  };
  addEventListener("error", missing, true); // a failed load does not bubble

  // Where the browser blocks site data, reading it throws, and the theme's script would end there.
  // It gets a storage that lasts as long as the page.
  for (const name of ["localStorage", "sessionStorage"]) {
    try {
      window[name].getItem("mode");
    } catch {
      const kept = new Map();
      const storage = {
        getItem: (key) => kept.get(String(key)) ?? null,
        setItem: (key, value) => kept.set(String(key), String(value)),
        removeItem: (key) => kept.delete(String(key)),
      };
      Object.defineProperty(window, name, { value: storage });
    }
  }

  // Light or dark: what the reader chose, else what the system asks for.
  const chosen = localStorage.getItem("mode");
  const mode = chosen === "light" || chosen === "dark" ? chosen : "auto";
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  page.dataset.mode = mode;
  page.dataset.theme = mode === "auto" ? system : mode;
})();
