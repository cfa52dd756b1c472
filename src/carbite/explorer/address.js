// The state of a page in its address: "#s=1;c=cr;on=tower,eliana;m.infusion=stop:12". A schema version, then parts;
// each component owns the parts of some keys. An ordinary section anchor is left alone.

const LINK_VERSION = "1";

/**
 * What a component (or all those of a kind, which have one state) does with its parts of the address.
 * @typedef {object} Share
 * @property {(key: string) => boolean} owns whether a part of this key is its own
 * @property {(parts: [string, string][]) => void} open sets its state, to the default where there are no parts;
 *   throws an Error that says what is wrong with them
 * @property {() => string[]} parts its present state as parts; none when it is the default
 * @property {(link: (parts: string[]) => string) => boolean} mount draws it; link makes the address of the page with
 *   these parts in place of its own; false when it could not start
 * @property {(problem: string) => void} say shows why its parts could not be read; an empty text takes that away
 * @property {(changed: () => void) => void} watch calls back whenever its state changes
 * @property {Element} place where it stands on the page
 */

/** Whether a hash is one of ours. */
export function isStateHash(hash) {
  return hash.startsWith("#s=");
}

/** Parts of a link, as "key=value", as its hash. */
export function hashOf(parts) {
  return `#${[`s=${LINK_VERSION}`, ...parts].join(";")}`;
}

/** The parts of a hash as keys and values. Throws an Error that says what is wrong. */
export function partsOf(hash) {
  const [version, ...parts] = hash.slice(1).split(";");
  if (version !== `s=${LINK_VERSION}`) throw new Error("it was made by another version of this book");
  if (!parts.length) throw new Error("it holds no state");
  return parts.map((part) => {
    const cut = part.indexOf("=");
    return cut < 0 ? ["", part] : [part.slice(0, cut), part.slice(cut + 1)];
  });
}

/** The keys of the parts of a hash; none of any other hash. */
function keysOf(hash) {
  return isStateHash(hash) ? hash.split(";").slice(1).map((part) => part.split("=")[0]) : [];
}

/** Open the components of a page as its address says, draw them, and keep address and states equal from then on. */
export function shareAddress(all) {
  const page = () => location.href.split("#")[0];
  const address = (parts) => page() + (parts.length ? hashOf(parts) : "");

  const problems = new Map(openShares(all, location.hash).map((problem, position) => [all[position], problem]));
  const shares = all.filter((share) => share.mount((parts) => address(shares.flatMap((each) => (each === share ? parts : each.parts())))));
  for (const share of shares) share.say(problems.get(share));
  // Who follows a link to a state wants to see it, not the head of the chapter.
  shares.find((share) => keysOf(location.hash).some(share.owns))?.place.scrollIntoView();
  // The default leaves the address plain, or with the section anchor that it has.
  const write = () => {
    const parts = shares.flatMap((share) => share.parts());
    if (parts.length || isStateHash(location.hash)) history.replaceState(null, "", address(parts));
  };
  let due = 0;
  let reading = false;
  for (const share of shares) {
    share.watch(() => {
      // What was just read from the address stands there already. To write it again could undo the reader's next step back.
      if (reading) return;
      // After the page: a browser takes longer over its address than a component takes, and allows few changes a second.
      clearTimeout(due);
      due = setTimeout(write);
    });
  }
  window.addEventListener("hashchange", () => {
    // A section anchor changes nothing. Without any, as a reader finds it on the way back, all is at its default.
    if (location.href.includes("#") && !isStateHash(location.hash)) return;
    reading = true;
    const problems = openShares(shares, location.hash);
    reading = false;
    problems.forEach((problem, position) => shares[position].say(problem));
  });
}

/**
 * Set every component to what a hash says of it; what is wrong with a component's own parts leaves the others alone.
 * @returns {string[]} for each of them what is wrong with the link; empty where nothing is
 */
export function openShares(shares, hash) {
  let parts = [];
  let problem = "";
  try {
    parts = isStateHash(hash) ? partsOf(hash) : [];
    const stranger = parts.find(([key]) => !shares.some((share) => share.owns(key)));
    if (stranger) throw new Error(`"${stranger.filter(Boolean).join("=")}" is not a part of a link to this page`);
  } catch (error) {
    parts = [];
    problem = error.message;
  }
  return shares.map((share) => {
    try {
      share.open(parts.filter(([key]) => share.owns(key)));
      return problem;
    } catch (error) {
      share.open([]);
      return error.message;
    }
  });
}
