// What every page of the book does beyond the theme.
(() => {
  // A page opened from a disk may not fetch the other pages, from which search takes its excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // Paper is white and cannot be unfolded: print in the light theme, with the sources and the tables of the numbers.
  const page = document.documentElement.dataset;
  let theme = page.theme;
  let folded = [];
  addEventListener("beforeprint", () => {
    theme = page.theme;
    page.theme = "light";
    folded = [...document.querySelectorAll("details:not([open]):is(:has(.number-sources), .sm-data > *, .sm-sources)")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    page.theme = theme;
    for (const details of folded) details.open = false;
  });

  // Escape closes the source that is shown beside a number, until the reader leaves the number.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const number of document.querySelectorAll(".number:is(:hover, :focus-within)")) {
      const leave = () => number.classList.remove("dismissed");
      number.classList.add("dismissed");
      number.addEventListener("mouseleave", leave, { once: true });
      number.addEventListener("focusout", leave, { once: true });
    }
  });

  // Beside the right edge of the page the source moves left until all of it can be read.
  const keepInPage = ({ target }) => {
    const tip = target.closest?.(".number")?.querySelector(".number-tip");
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
