// The search: Sphinx's form and word stems over the passages of the book, so that it works from a disk as well.
(() => {
  const WORD = /[\p{L}\p{M}\p{N}]+/gu;
  // What an excerpt shows around the first word that was found, in characters.
  const AROUND = 110;
  // So many passages of a page; the page itself has the others.
  const MOST = 6;

  const stemmer = new Stemmer();
  const stems = new Map();
  const plain = (word) => word.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  function stem(word) {
    if (!stems.has(word)) stems.set(word, stemmer.stemWord(word));
    return stems.get(word);
  }

  /** Whether a word of the text is one that was asked for: begins so, or has the same stem. */
  function fits(word, asked) {
    const written = plain(word);
    return written.startsWith(asked) || stem(written) === stem(asked);
  }

  const found = (text, asked) => asked.filter((each) => (text.match(WORD) ?? []).some((word) => fits(word, each)));

  /** The passages of a page that have the words asked for, best first; none where a word stands nowhere on the page. */
  function look([page, title, passages], asked) {
    const hits = [];
    const seen = new Set(found(title, asked));
    let rank = 20 * seen.size;
    for (const [place, heading, text] of passages) {
      const inText = found(text, asked);
      if (!inText.length) continue;
      const score = 10 * inText.length + 5 * found(heading, asked).length;
      inText.forEach((word) => seen.add(word));
      rank += score / 10;
      hits.push({ href: `${page}#${place}`, heading, text, score });
    }
    hits.sort((one, other) => other.score - one.score);
    return { page, title, rank, hits: seen.size === asked.length ? hits : [] };
  }

  function add(parent, name, text = "") {
    const made = parent.appendChild(document.createElement(name));
    made.textContent = text;
    return made;
  }

  /** A piece of the text where most of the words asked for stand together; those words are marked. */
  function excerpt(parent, text, asked) {
    const words = [...text.matchAll(WORD)].filter(([word]) => asked.some((each) => fits(word, each)));
    const together = ({ index }) => found(text.slice(index, index + AROUND), asked).length;
    const most = Math.max(...words.map(together));
    const { index: start } = words.find((word) => together(word) === most);
    const from = Math.max(0, text.lastIndexOf(" ", start - AROUND));
    const to = Math.min(text.length, start + 2 * AROUND);
    let at = from;
    if (from) parent.append("… ");
    for (const word of words.filter(({ index }) => index >= from && index < to)) {
      parent.append(text.slice(at, word.index));
      add(parent, "mark", word[0]);
      at = word.index + word[0].length;
    }
    parent.append(text.slice(at, Math.max(at, to)), to < text.length ? " …" : "");
  }

  Search.hasIndex = () => true; // Sphinx need not wait for its own index
  Search.setIndex = () => {};
  Search.query = (query) => {
    const asked = [...new Set((query.match(WORD) ?? []).map(plain))];
    const pages = asked.length ? window.carbitePassages.map((page) => look(page, asked)).filter(({ hits }) => hits.length) : [];
    pages.sort((one, other) => other.rank - one.rank);
    for (const { page, title, hits } of pages) {
      const item = add(Search.output, "li");
      add(item, "a", title).href = page;
      const list = add(item, "ul");
      for (const { href, heading, text } of hits.slice(0, MOST)) {
        const passage = add(list, "li");
        passage.className = "passage";
        add(passage, "a", heading || title).href = href;
        excerpt(add(passage, "p"), text, asked);
      }
      if (hits.length > MOST) add(list, "li", `and ${hits.length - MOST} more on this page`);
    }
    Search.stopPulse();
    Search.title.textContent = "Search results";
    Search.status.setAttribute("role", "status");
    const count = pages.reduce((sum, { hits }) => sum + hits.length, 0);
    Search.status.textContent = count
      ? `${count} ${count === 1 ? "passage" : "passages"} on ${pages.length} ${pages.length === 1 ? "page" : "pages"}`
      : `Nothing found for “${query}”. All words must stand on one page.`;
  };
})();
