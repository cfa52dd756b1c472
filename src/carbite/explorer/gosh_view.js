import { rounded } from "../models/formats.js";
import { CELLS_ACROSS, CELLS_UPWARDS } from "./gosh.js";
import { escapeHtml, fill, lowerFirst, roundHalfUp } from "./text.js";
import { ARMS, armName, percent } from "./verdict.js";
import { sentenceHtml } from "./view.js";

// The GOSH panel as HTML text: how the verdicts of all pairs of subsets are shared out, what changes the present one, and
// where the subsets of each arm lie. Drawn at build time and in the browser, like the rest of the explorer.

// Shades of a cell, from the fewest subsets to the most; each begins at this share of the fullest cell.
const CLOUD_SHADES = [0, 1 / 64, 1 / 16, 1 / 4];
// Ways to change the verdict that are named; the others are counted.
const NAMED_CHOICES = 3;
const SHARE_ORDER = ["car_t", "undecided", "bispecific"];

/** What stands there while nothing is counted yet, or must not be seen yet. */
export function goshPlaceholder(text) {
  return `<p>${escapeHtml(text)}</p>`;
}

/** The panel for one state. @param {object} summary of Gosh, for the same state */
export function goshHtml(data, comparison, state, result, summary) {
  if (summary.tooMany) return goshPlaceholder("These are more trials than this page can take every subset of.");
  const named = (verdict) => fill(data.wording.short[verdict], { bi: comparison.bispecific_name });
  return `${sharesHtml(summary, result, named)}
${ARMS.map((arm) => cloudHtml(comparison, summary.arms[arm], arm)).join("\n")}
<p class="cx-key">Each shaded square holds subsets, more where it is darker. Further up, the trials of a subset differ more among themselves than chance explains (I²). Only subsets that the rule can test are shown.</p>
${fewestHtml(comparison, state, result, summary, named)}`;
}

function sharesHtml(summary, result, named) {
  const { pairs, testable, verdicts, all } = summary;
  if (!testable) return goshPlaceholder("No choice among these trials leaves enough of them in both arms to be tested.");
  const said = result.verdict in verdicts
    ? `${rounded(verdicts[result.verdict])} of ${rounded(testable)} pairs of subsets, one from each arm, give the verdict of the trials ticked now: <strong>${sentenceHtml(lowerFirst(named(result.verdict)))}</strong>.`
    : `${rounded(testable)} pairs of subsets, one from each arm, can be tested.`;
  const rest = pairs - testable;
  const untested = rest ? ` Another ${rounded(rest)} pairs leave too few trials in an arm to be tested.` : "";
  const singles = all ? ` ${sentenceHtml(withSingles(all, named))}` : "";
  return `<p class="cx-shares-said">${said}${untested}${singles}</p>
<svg class="cx-shares" aria-hidden="true">${segments(verdicts, testable)}</svg>
<ul class="cx-legend">${SHARE_ORDER.map((verdict) => `<li class="cx-share-${verdict}"><svg aria-hidden="true"><rect width="100%" height="100%"/></svg><span>${sentenceHtml(named(verdict))}: <strong>${rounded(verdicts[verdict])}</strong> (${shareSaid(verdicts[verdict], testable)})</span></li>`).join("")}</ul>
<p>A share of selections is not a probability: they share trials, and every bias of those trials.</p>`;
}

/** With z intervals even single trials have one; the stated rule asks for more. */
function withSingles(all, named) {
  const said = SHARE_ORDER.map((verdict) => `${lowerFirst(named(verdict))} ${rounded(all.verdicts[verdict])}`).join(", ");
  return `The z interval exists for single trials too; with them, of ${rounded(all.pairs)} pairs: ${said}.`;
}

function segments(verdicts, total) {
  let from = 0;
  return SHARE_ORDER.map((verdict) => {
    const width = (100 * verdicts[verdict]) / total;
    const rect = `<rect class="cx-share-${verdict}" x="${from.toFixed(2)}%" width="${width.toFixed(2)}%" height="100%"/>`;
    from += width;
    return rect;
  }).join("");
}

/** The fewest trials to leave out, and buttons that do it. */
function fewestHtml(comparison, state, result, summary, named) {
  if (!(result.verdict in summary.verdicts)) return "<p>The trials ticked now give no verdict that leaving some out could change.</p>";
  if (summary.fewest === null) return "<p>No matter which of the ticked trials are left out, the verdict stays, as long as it can be tested.</p>";
  const names = Object.fromEntries([...comparison.trials.map((trial) => [trial.id, trial.name]), ...state.added.map((trial) => [`added-${trial.name}`, trial.name])]);
  const choices = summary.choices.slice(0, NAMED_CHOICES).map(({ trials, verdict }, position) => {
    const listed = trials.map((id) => names[id]).join(", ");
    return `<li><span>${escapeHtml(listed)}: ${sentenceHtml(lowerFirst(named(verdict)))}.</span> <button type="button" class="cx-control cx-small" data-leave="${position}" aria-label="Leave out ${escapeHtml(listed)}">Leave out</button></li>`;
  });
  const more = summary.choices.length - choices.length;
  const said = summary.fewest === 1 ? "Leaving out one ticked trial changes the verdict:" : `Leaving out ${summary.fewest} ticked trials changes the verdict, and leaving out fewer does not:`;
  return `<p class="cx-fewest">${said}</p><ul class="cx-choices">${choices.join("")}${more > 0 ? `<li>${rounded(more)} more ${more === 1 ? "choice" : "choices"} of as many.</li>` : ""}</ul>`;
}

/** The subsets of one arm: the pooled percentage across, I2 upwards, on the axis of the forest table. */
function cloudHtml(comparison, arm, id) {
  const name = armName(comparison, id);
  const { range, present } = arm;
  const spread = range
    ? `${rounded(arm.subsets)} subsets of ${arm.trials} trials give ${percent(range.low)} to ${percent(range.high)} %, with I² up to ${roundHalfUp(range.i2, 0)} %.`
    : "No subset can be tested.";
  const now = present ? ` Ticked now: ${percent(present.share)} %, I² ${roundHalfUp(present.i2, 0)} %.` : " No trial is ticked.";
  return `<figure class="cx-cloud cx-${id}"><figcaption><strong>${escapeHtml(name.charAt(0).toUpperCase() + name.slice(1))}.</strong> ${sentenceHtml(spread + now)}</figcaption>
<div class="cx-plot" aria-hidden="true"><span class="cx-up">differ</span><span class="cx-down">agree</span><svg><svg viewBox="0 0 ${CELLS_ACROSS} ${CELLS_UPWARDS}" preserveAspectRatio="none">${shadesHtml(arm.cells)}</svg>${present ? presentHtml(present) : ""}</svg></div>
<div class="cx-scale" aria-hidden="true"><span>0</span><span>50</span><span>100 %</span></div></figure>`;
}

/** A path for each shade, a square for each cell. */
function shadesHtml(cells) {
  const fullest = Math.max(...cells);
  const paths = CLOUD_SHADES.map(() => "");
  cells.forEach((subsets, cell) => {
    if (!subsets) return;
    const shade = CLOUD_SHADES.findLastIndex((from) => subsets >= from * fullest);
    paths[shade] += `M${cell % CELLS_ACROSS} ${CELLS_UPWARDS - 1 - Math.floor(cell / CELLS_ACROSS)}h1v1h-1z`;
  });
  return paths.map((path, shade) => `<path class="cx-shade-${shade}" d="${path}"/>`).join("");
}

/** The selection that is ticked, with its name on the side where there is room. */
function presentHtml({ share: at, i2 }) {
  const [side, away] = at > 0.5 ? ["end", -12] : ["start", 12];
  return `<svg class="cx-present" x="${(100 * at).toFixed(2)}%" y="${(100 - i2).toFixed(2)}%" overflow="visible"><circle r="6"/><text x="${away}" y="4" text-anchor="${side}">ticked now</text></svg>`;
}

/** A percentage that is 0 or 100 only where it is. */
function shareSaid(part, whole) {
  const said = percent(part / whole);
  if (part > 0 && said === "0.0") return "under 0.1\u00a0%";
  if (part < whole && said === "100.0") return "over 99.9\u00a0%";
  return `${said}\u00a0%`;
}
