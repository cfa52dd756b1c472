// What every page of the book does beyond the theme.
(() => {
  // A page opened from a disk may not fetch the other pages, from which search takes its excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;

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
})();
