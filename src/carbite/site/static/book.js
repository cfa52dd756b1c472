// What every page of the book does beyond the theme.
(() => {
  // How a figure or a state of the explorer is cited: where it stands in the book, at which address, when it was seen.
  const about = (name) => document.querySelector(`meta[name="citation_${name}"]`).content;
  const citation = (what, address) => {
    const today = new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
    return `${about("author")} (${about("publication_date")}). ${what}. In: ${about("title")}. `
      + `${about("inbook_title")}, version ${DOCUMENTATION_OPTIONS.VERSION}. ${address} (seen ${today}).`;
  };

  /** Copy a text and say so; where the clipboard cannot be written, show it in a field from which it can be copied. */
  const copy = (text, name, said, notice) => {
    const showIt = () => {
      notice.textContent = `Copy this ${name.split(" ")[0].toLowerCase()}: `;
      const field = Object.assign(document.createElement("input"), { readOnly: true, value: text });
      field.setAttribute("aria-label", name);
      notice.append(field);
      field.focus();
      field.select();
    };
    const sayIt = () => {
      notice.textContent = said;
    };
    if (!navigator.clipboard) showIt();
    else navigator.clipboard.writeText(text).then(sayIt, showIt);
  };
  window.carbite = { citation, copy };

  // The theme names this button for Bootstrap's tips only; the browser's own do without it.
  for (const button of document.querySelectorAll("[data-bs-title]")) button.title = button.dataset.bsTitle;

  // A link to what is folded away unfolds it, also in browsers that do not do so themselves.
  const unfold = () => {
    const target = document.getElementById(location.hash.slice(1));
    const folded = target?.closest("details:not([open])");
    for (let around = target?.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    if (folded) target.scrollIntoView();
  };
  addEventListener("hashchange", unfold);
  unfold();

  // Paper is white and cannot be unfolded: print in the light theme, with all data and sources, but not the code.
  const page = document.documentElement.dataset;
  let theme = page.theme;
  let folded = [];
  addEventListener("beforeprint", () => {
    theme = page.theme;
    page.theme = "light";
    folded = [...document.querySelectorAll("details:not([open], .hide, .cx-control)")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    page.theme = theme;
    for (const details of folded) details.open = false;
  });

  // Escape closes the tip that is shown beside a link, until the reader leaves the link.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const tipped of document.querySelectorAll(".tipped:is(:hover, :focus-within)")) {
      const leave = () => tipped.classList.remove("dismissed");
      tipped.classList.add("dismissed");
      tipped.addEventListener("mouseleave", leave, { once: true });
      tipped.addEventListener("focusout", leave, { once: true });
    }
  });

  // A finger cannot hover: its first tap on a link shows the tip, its second follows the link.
  let byTouch = false;
  let tapped = null;
  addEventListener("pointerdown", ({ pointerType }) => {
    byTouch = pointerType === "touch";
  });
  addEventListener("click", (event) => {
    const link = event.target.closest(".tipped > a");
    const isSecond = link !== null && link === tapped;
    tapped = byTouch ? link : null;
    if (!tapped || isSecond) return;
    event.preventDefault();
    link.focus();
  });

  // Beside the right edge of the page the tip moves left until all of it can be read.
  const keepInPage = ({ target }) => {
    const tip = target.closest?.(".tipped")?.querySelector(".tip");
    if (!tip) return;
    tip.style.left = "";
    const excess = tip.getBoundingClientRect().right + 8 - document.documentElement.clientWidth;
    if (excess > 0) tip.style.left = `${-excess}px`;
  };
  addEventListener("mouseover", keepInPage);
  addEventListener("focusin", keepInPage);

  // Whatever scrolls sideways must be reachable by keyboard; whatever does not must not cost a key press.
  const scrollers = document.querySelectorAll(".katex-display, .carbite-scroll");
  const markScrollers = () => {
    for (const scroller of scrollers) {
      if (scroller.scrollWidth > scroller.clientWidth) scroller.tabIndex = 0;
      else scroller.removeAttribute("tabindex");
    }
  };
  const observer = new ResizeObserver(markScrollers);
  for (const scroller of scrollers) observer.observe(scroller);
  document.fonts.ready.then(markScrollers);
})();
