// A filter over entries that all stand in the page, and an order for them, mirrored in the address.
(() => {
  const VERSION = "#r=1";
  const { noun } = document.querySelector(".carbite-listing").dataset;
  const form = document.querySelector(".carbite-filter");
  const shown = document.querySelector(".carbite-shown");
  const entries = [...document.querySelectorAll(".carbite-entry")];
  const contents = document.querySelector(".carbite-groups");
  const groups = [...document.querySelectorAll(".carbite-entry-group")];
  const fields = [...form.querySelectorAll("input, select")];
  const order = fields.find((field) => field.name === "order");
  const filters = fields.filter((field) => field !== order);
  const choices = filters.filter((field) => field.name !== "text");

  // A reader types Gokbuget and finds Gökbuget.
  const plain = (text) => text.normalize("NFD").replace(/\p{Mark}/gu, "").toLowerCase();
  const texts = new Map(entries.map((entry) => [entry, plain(entry.textContent)]));
  const isOurs = (hash) => hash.startsWith("#r=");
  const isFiltered = () => filters.some((field) => field.value.trim());

  const fits = (entry, words) =>
    choices.every(({ name, value }) => !value || entry.dataset[name].split(" ").includes(value)) &&
    words.every((word) => texts.get(entry).includes(word));

  function show(problem = "") {
    const words = plain(form.elements.text.value).split(/\s+/).filter(Boolean);
    for (const entry of entries) entry.hidden = !fits(entry, words);
    for (const group of groups) group.hidden = !group.querySelector(".carbite-entry:not([hidden])");
    if (contents) contents.hidden = isFiltered(); // it says how many entries there are in all
    if (order) sort();
    const count = entries.filter((entry) => !entry.hidden).length;
    const said = isFiltered() ? `${count} of ${entries.length} ${noun}` : `${entries.length} ${noun}`;
    shown.textContent = problem + said + (order?.value ? `, ${order.selectedOptions[0].text}` : "");
  }

  /** The entries by the number that the chosen order looks at, the smallest first; those without one stay behind. */
  function sort() {
    const rank = (entry) => Number(entry.getAttribute(`data-by-${order.value}`) || Infinity);
    const sorted = order.value ? [...entries].sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0)) : entries;
    const list = entries[0].parentElement;
    if (sorted.some((entry, position) => list.children[position] !== entry)) list.append(...sorted);
  }

  /** Nothing chosen. */
  function clear() {
    for (const field of fields) field.value = "";
  }

  function readAddress() {
    clear();
    if (!isOurs(location.hash)) return show();
    // A link to some of the entries is followed to see them.
    const folded = form.closest("details");
    if (folded) folded.open = true;
    const [version, ...parts] = location.hash.split(";");
    const understood = version === VERSION && parts.map(readPart).every(Boolean);
    if (!understood) clear();
    show(understood ? "" : "This link could not be read. ");
  }

  function readPart(part) {
    const [name, value = ""] = part.split("=");
    const field = fields.find((each) => each.name === name);
    if (!field || field.value) return false;
    try {
      field.value = decodeURIComponent(value);
    } catch {
      return false; // cut in the middle of a sign
    }
    return field.value !== ""; // a list takes none but its own values
  }

  function writeAddress() {
    const parts = fields.filter((field) => field.value.trim()).map(({ name, value }) => `;${name}=${encodeURIComponent(value.trim())}`);
    const page = location.href.split("#")[0];
    if (parts.length) history.replaceState(null, "", page + VERSION + parts.join(""));
    // With nothing chosen the address is plain, or has the section anchor that it had.
    else if (isOurs(location.hash)) history.replaceState(null, "", page);
  }

  let due = 0;
  function update() {
    show();
    // After a pause in typing: browsers allow few changes of the address a second.
    clearTimeout(due);
    due = setTimeout(writeAddress, 200);
  }

  // An anchor changes nothing, unless it leads to an entry that the filter hides.
  function follow() {
    if (isOurs(location.hash) || !location.href.includes("#")) return readAddress();
    const target = document.querySelector("[hidden]:target, [hidden] :target");
    if (!target) return;
    for (const field of filters) field.value = "";
    show();
    target.scrollIntoView();
  }

  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.querySelector("button").addEventListener("click", () => {
    clear();
    update();
  });
  addEventListener("hashchange", follow);
  form.hidden = false;
  readAddress();
})();
