import { newPrediction, pageName } from "./kept_predictions.js";
import { started } from "./start.js";
import { escapeHtml } from "./text.js";
import { sentenceHtml } from "./view.js";

// "Before you read on": a question in the text, with radio buttons. Nothing waits for it and nothing is hidden: who
// answers sees the prediction beside the answer, and who does not reads on. What is asked stands in the page, as
// prompts.py wrote it.

/** Bring the questions of a page to life. predicted keeps what a reader predicts (kept_predictions.js). */
export function startPrompts(predicted) {
  let told = "";
  /** What there is to say of the storage, once on a page. */
  function tellOnce() {
    const { trouble } = predicted.get();
    if (trouble === told) return "";
    told = trouble;
    return trouble;
  }
  for (const el of document.querySelectorAll(".carbite-predict")) started([el], ".cp-notice", () => mountPrompt(el, predicted, tellOnce));
}

function mountPrompt(el, predicted, tellOnce) {
  const asked = JSON.parse(el.querySelector(".carbite-prompt").textContent);
  const form = el.querySelector("form");
  const place = el.querySelector(".cp-answer");
  const link = pageName() + asked.hash;

  function show({ expected }) {
    form.hidden = true;
    place.innerHTML = answeredHtml(asked, expected, tellOnce());
    place.querySelector(".cp-open").addEventListener("click", () => goTo(asked));
  }

  /** What this browser's reader has said here already, in this tab or another one. */
  function showEarlier() {
    const earlier = predicted.get().list.findLast((each) => each.asked_in === "text" && each.link === link && each.question === asked.label && asked.choices.includes(each.expected));
    if (earlier && !form.hidden) show(earlier);
    if (!earlier && form.hidden) {
      form.hidden = false;
      form.reset();
      place.textContent = "";
    }
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = new FormData(form);
    const expected = asked.choices[Number(said.get(form.querySelector("[type=radio]").name))];
    predicted.add(newPrediction({
      asked_in: "text", question: asked.label, basis: asked.basis, sure: said.get("sure"), expected, answer: asked.right,
      odds_ratio: asked.odds_ratio, ci_low: asked.ci_low, ci_high: asked.ci_high, link,
    }));
    place.focus();
  });
  predicted.watch(showEarlier);
  showEarlier();
  el.classList.add("cp-live");
}

/** The prediction beside the answer, what limits the answer, and the way to its state. */
function answeredHtml(asked, expected, trouble) {
  const said = expected === asked.right ? "As you expected." : `You expected: ${expected}.`;
  const limits = asked.limits.map((limit) => `<li>${sentenceHtml(limit)}</li>`);
  const what = asked.model ? "simulation" : "explorer";
  const told = trouble ? ` <span class="cp-trouble">${escapeHtml(trouble)}</span>` : "";
  return `<p><strong>${sentenceHtml(said)}</strong></p><p><strong>${sentenceHtml(asked.right)}.</strong> ${sentenceHtml(asked.answer)}</p>
<p>What limits this:</p><ul>${limits.join("")}</ul>
<p class="cp-ways"><a class="cp-open" href="${escapeHtml(asked.hash)}">Open this state in the ${what}</a> · <a href="predictions.html">All your predictions</a>${told}</p>`;
}

/** To the part of the page that the link sets: a browser scrolls to anchors only. */
function goTo({ component, model }) {
  const part = document.querySelector(`.${component}${model && `[data-model="${model}"]`}`);
  part?.scrollIntoView();
  part?.querySelector(".cx-verdict, .sm-controls input")?.focus({ preventScroll: true });
}
