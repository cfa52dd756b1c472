import { download } from "./handing_over.js";
import { cameTrue, countTrue, predictionsCsv, predictionsJson, SURENESS } from "./kept_predictions.js";
import { redraw } from "./redraw.js";
import { started } from "./start.js";
import { escapeHtml } from "./text.js";
import { sentenceHtml } from "./view.js";

// The page on which a reader finds all predictions that this browser keeps, takes them along, or deletes them.

/** List them in their place, if this page has one. */
export function startPredictionList(predicted) {
  const place = document.querySelector(".carbite-predictions");
  if (place) started([place], ".kp-notice", () => mountPredictionList(place, predicted));
}

function mountPredictionList(place, predicted) {
  let isAsking = false;
  let told = "";

  function draw() {
    redraw(place, listHtml(predicted.get(), isAsking, told));
  }

  function ask(asking, said = "") {
    isAsking = asking;
    told = said;
    draw();
    // Where the button was that was pressed; when the list is gone, what is said of it.
    (place.querySelector(asking ? '[data-tool="keep-all"]' : '[data-tool="ask"]') ?? place.querySelector(".kp-said")).focus();
  }

  place.addEventListener("click", ({ target }) => {
    const { tool } = target.closest("button")?.dataset ?? {};
    const { list } = predicted.get();
    if (tool === "csv") download("carbite-predictions.csv", predictionsCsv(list));
    if (tool === "json") download("carbite-predictions.json", predictionsJson(list), "application/json");
    if (tool === "ask") ask(true);
    if (tool === "keep-all") ask(false);
    if (tool === "delete") {
      predicted.clear();
      ask(false, "All predictions were deleted from this browser.");
    }
  });
  predicted.watch(draw);
  draw();
}

function listHtml({ list, trouble }, isAsking, told) {
  const said = list.length ? `${countTrue(list)} of ${list.length} came true.` : "There is no prediction in this browser yet.";
  const about = [told, said, trouble].filter(Boolean).map(escapeHtml).join(" ");
  const start = `<p class="kp-said" role="status" tabindex="-1">${about}</p><p class="kp-notice" role="alert"></p>`;
  if (!list.length) return start;
  const rows = [...list].reverse().map((prediction) => {
    const { at, chapter, question, basis, sure, expected, answer, link } = prediction;
    return `<tr><th scope="row"><a href="${escapeHtml(link)}">${sentenceHtml(question)}</a><small>${escapeHtml(basis)}</small></th><td>${escapeHtml(chapter)}</td><td>${escapeHtml(dateText(at))}</td><td>${sentenceHtml(expected)}${sure && `<small>${SURENESS[sure]}</small>`}</td><td>${sentenceHtml(answer)}</td><td>${cameTrue(prediction) ? "yes" : "no"}</td></tr>`;
  });
  return `${start}<div class="carbite-scroll kp-table" role="group" aria-label="Your predictions" tabindex="0"><table class="carbite-table"><caption>Your predictions, the last first</caption><thead><tr><th scope="col">What</th><th scope="col">Chapter</th><th scope="col">When</th><th scope="col">You expected</th><th scope="col">The answer</th><th scope="col">Came true</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>
${calibrationHtml(list)}
<div class="kp-tools"><button type="button" data-tool="csv">Download as CSV</button><button type="button" data-tool="json">Download as JSON</button>${deleteHtml(list, isAsking)}</div>`;
}

/** How sure a reader was, and how often right: a reader who knows what they know is right more often when sure. */
function calibrationHtml(list) {
  const rows = Object.entries(SURENESS).map(([sure, said]) => {
    const those = list.filter((prediction) => prediction.sure === sure);
    return those.length ? `<tr><th scope="row">${said}</th><td>${countTrue(those)} of ${those.length}</td></tr>` : "";
  }).join("");
  return rows && `<table class="carbite-table"><caption>How sure you were, and what came true</caption><thead><tr><th scope="col">How sure</th><th scope="col">Came true</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function deleteHtml(list, isAsking) {
  if (!isAsking) return '<button type="button" data-tool="ask">Delete all</button>';
  return `<span>Delete ${list.length === 1 ? "this prediction" : `all ${list.length} predictions`} from this browser? It cannot be undone.</span><button type="button" data-tool="keep-all">Keep</button><button type="button" data-tool="delete">Yes, delete</button>`;
}

/** The day, as the reader's own clock has it. */
function dateText(at) {
  return new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}
