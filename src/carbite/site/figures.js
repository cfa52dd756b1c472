// Figures: the chart in the page is an image that Vega takes over when it comes near the view. The reader then
// chooses a row of its data by pointer, touch or arrow keys; the row is read out and stands out in the chart.
// Each figure can be cited and linked to, with the row that was chosen.
(() => {
  const VEGA = new URL("vega.js", document.currentScript.src);
  // Loading begins this far from the view, so that it is over when the chart is seen.
  const NEAR = "400px";
  // A mark is pointed at from this many CSS pixels around it: a finger covers more.
  const REACH = 28;
  // Marks that join many rows, within whose box other marks lie.
  const JOINING = ["line", "area", "trail", "group"];
  // A link to a figure alone is a plain anchor; one with a row is `#f=1;figure;row`.
  const VERSION = "#f=1";

  let loading;
  function loadVega() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = VEGA;
      script.addEventListener("load", () => resolve(window.vega));
      script.addEventListener("error", () => reject(new Error("the Vega runtime could not be loaded")));
      document.head.append(script);
    });
    return loading;
  }

  /** Put a chart that Vega draws in the place of the same chart as an image. Its size and its words stay. */
  async function takeOver(place, spec) {
    const { parse, View, expressionInterpreter } = await loadVega();
    const stage = document.createElement("div");
    const view = new View(parse(spec, null, { ast: true }), { expr: expressionInterpreter, renderer: "svg", container: stage });
    await view.runAsync();
    const image = place.querySelector("svg");
    const svg = stage.querySelector("svg");
    for (const name of ["width", "height", "role", "aria-labelledby", "aria-describedby", "font-family"]) {
      svg.setAttribute(name, image.getAttribute(name));
    }
    svg.append(...image.querySelectorAll(":scope > title, :scope > desc"));
    image.replaceWith(svg);
    return view;
  }

  /** The row whose mark is at a point of the window, or null. */
  function rowAt(svg, x, y) {
    let row = null;
    let least = REACH;
    for (const element of svg.querySelectorAll("*")) {
      const item = element.__data__; // Vega's own link from what it drew to the mark
      if (item?.datum?.carbite_row === undefined || JOINING.includes(item.mark.marktype)) continue;
      const box = element.getBoundingClientRect();
      const distance = Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
      if (distance < least) [row, least] = [item.datum.carbite_row, distance];
    }
    return row;
  }

  function element(name, attributes, text = "") {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  /** The buttons that give a citation of the figure and a link to it; `hash` is that of its present state. */
  function addTools(figure, hash) {
    if (!window.carbite) return; // the script of the page did not load
    const title = figure.querySelector("figcaption strong").textContent;
    const address = () => location.href.split("#")[0] + hash();
    const tools = element("div", { class: "carbite-tools" });
    const said = element("p", { class: "carbite-said", role: "status" });
    const add = (name, label, use) => {
      const button = element("button", { type: "button", "aria-label": `${name}: ${title}` }, name);
      button.addEventListener("click", () => use(label));
      tools.append(button);
    };
    add("Cite", "Citation of this figure", (label) => {
      const text = window.carbite.citation(`Figure: “${title}”`, address());
      window.carbite.copy(text, label, `Citation copied: ${text}`, said);
    });
    add("Copy link", "Link to this figure", (label) => {
      window.carbite.copy(address(), label, "Link copied. It opens this page at this figure, with the row that is chosen.", said);
    });
    figure.querySelector(".carbite-foot").append(tools, said);
  }

  function enliven(figure) {
    const { rows, wide, narrow } = JSON.parse(figure.querySelector(".carbite-spec").textContent);
    const chart = figure.querySelector(".carbite-chart");
    const tableRows = [...figure.querySelectorAll("tbody tr")];
    const views = [];
    let kept = null; // chosen by click, keys or link
    let pointed = null; // under the pointer for now
    let problem = ""; // of a link that could not be followed

    const stepper = element("input", { type: "range", min: 0, max: rows.length, step: 1, value: 0, "aria-label": "Step through the rows of the data" });
    const hint = element("span", {}, "Use the arrow keys here for the values.");
    const readout = element("output", {});
    chart.append(stepper);
    figure.querySelector(".carbite-readout").append(hint, readout);

    function show() {
      const row = pointed ?? kept;
      for (const view of views) view.signal("carbite_row", row).run();
      stepper.value = kept === null ? 0 : kept + 1;
      stepper.setAttribute("aria-valuetext", kept === null ? "no row chosen" : `row ${kept + 1} of ${rows.length}`);
      const said = row === null ? problem : rows[row][1];
      if (readout.textContent !== said) readout.textContent = said;
      tableRows.forEach((tableRow, position) => tableRow.classList.toggle("carbite-chosen", position === row));
    }

    function point(row) {
      if (row === pointed) return;
      pointed = row;
      show();
    }

    function keep(row, said = "") {
      problem = said;
      kept = row;
      pointed = null;
      show();
    }

    stepper.addEventListener("input", () => keep(stepper.value === "0" ? null : stepper.value - 1));
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && figure.matches(":hover, :focus-within")) keep(null);
    });
    show();
    addTools(figure, () => (kept === null ? `#${figure.id}` : [VERSION, figure.id, encodeURIComponent(rows[kept][0])].join(";")));

    function readAddress() {
      const [version, id, name] = location.hash.split(";");
      if (version !== VERSION || id !== figure.id) return;
      const row = rows.findIndex(([each]) => encodeURIComponent(each) === name);
      if (row < 0) keep(null, "This link names a row that the figure does not have.");
      else keep(row);
      figure.scrollIntoView();
    }
    addEventListener("hashchange", readAddress);
    readAddress();

    const near = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        const spec = target.classList.contains("carbite-narrow") ? narrow : wide;
        takeOver(target, spec).then((view) => {
          views.push(view);
          const at = (event) => rowAt(target.querySelector("svg"), event.clientX, event.clientY);
          target.addEventListener("pointermove", (event) => event.pointerType !== "touch" && point(at(event)));
          target.addEventListener("pointerleave", () => point(null));
          target.addEventListener("click", (event) => keep(at(event)));
          hint.textContent = `${matchMedia("(hover: hover)").matches ? "Point at" : "Tap"} a mark, or use the arrow keys here, for its values.`;
          show();
        }).catch((error) => console.warn(`This chart stays an image: ${error.message}`));
      }
    }, { rootMargin: NEAR });
    for (const drawing of chart.querySelectorAll(".carbite-wide, .carbite-narrow")) near.observe(drawing);
  }

  for (const figure of document.querySelectorAll(".carbite-figure")) {
    if (figure.querySelector(".carbite-spec")) enliven(figure);
    else addTools(figure, () => `#${figure.id}`); // a drawing, which has no rows to step through
  }
})();
