// What every page of the book does beyond the theme.
(() => {
  // A page opened from a disk may not fetch the other pages, from which search takes its excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

  // Paper is white: print in the light theme, whatever the screen shows.
  const page = document.documentElement.dataset;
  let onScreen = page.theme;
  addEventListener("beforeprint", () => {
    onScreen = page.theme;
    page.theme = "light";
  });
  addEventListener("afterprint", () => {
    page.theme = onScreen;
  });

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
