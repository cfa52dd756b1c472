// Questions for oneself: says whether an answer is right and why, and keeps answers in this browser where it may.
(() => {
  const KEPT = "carbite-self-checks-1";
  const LONGEST = 40;

  /** What is kept, by question: {values, checked}. Whatever else stands there counts as nothing. */
  function kept() {
    try {
      const found = JSON.parse(localStorage.getItem(KEPT));
      return found !== null && typeof found === "object" && !Array.isArray(found) ? found : {};
    } catch {
      return {};
    }
  }

  function keep(id, given) {
    const all = kept(); // another tab may have written meanwhile
    if (given) all[id] = given;
    else delete all[id];
    try {
      localStorage.setItem(KEPT, JSON.stringify(all));
    } catch {
      // blocked or full: the answers last as long as the page
    }
  }

  /**
   * The numbers that a text may mean, the likelier first: 81.5 and 81,5 are the same, 1,234 may be either of two.
   * None, if it is no number. The unit may stand behind it.
   */
  function readings(text, unit) {
    const typed = text.trim().replace(/[\u2212\u2013]/g, "-");
    const bare = unit && typed.toLowerCase().endsWith(unit.toLowerCase()) ? typed.slice(0, -unit.length) : typed;
    const match = /^([+-]?)(\d*(?:[.,]\d+)*)$/.exec(bare.replace(/\s/g, ""));
    if (!match || !match[2]) return [];
    const parts = match[2].split(/[.,]/);
    const marks = match[2].match(/[.,]/g) ?? [];
    const number = (digits) => Number(match[1] + digits);
    const inThrees = ([first, ...others]) => /^[1-9]\d{0,2}$/.test(first) && others.every((part) => part.length === 3);
    if (!marks.length) return [number(match[2])];
    const found = [];
    const [whole, before, last] = [parts.slice(0, -1), marks.slice(0, -1), marks.at(-1)];
    const isApart = before.every((mark) => mark === before[0] && mark !== last) && inThrees(whole);
    if (!before.length || isApart) found.push(number(`${whole.join("")}.${parts.at(-1)}`));
    if (before.every((mark) => mark === last) && inThrees(parts)) found.push(number(parts.join("")));
    return found;
  }

  /** The words of an element, once more. An id is unique, so what is named by one gets another. */
  function again(element) {
    const copy = element.cloneNode(true);
    for (const named of copy.querySelectorAll("[id]")) named.id += "-again";
    for (const link of copy.querySelectorAll("[aria-describedby]")) {
      link.setAttribute("aria-describedby", `${link.getAttribute("aria-describedby")}-again`);
    }
    return copy.childNodes;
  }

  /** A paragraph: its first words strong, if there are any, then the copied words of elements. */
  function line(strong, ...elements) {
    const made = document.createElement("p");
    if (strong) made.append(Object.assign(document.createElement("strong"), { textContent: strong }));
    for (const element of elements) made.append(" ", ...again(element));
    return made;
  }

  function connect(box) {
    const form = box.querySelector("form");
    const said = form.querySelector("[role=status]");
    const answer = box.querySelector("details");
    const explanation = answer.querySelector(".carbite-explanation");
    const inputs = [...form.querySelectorAll("input")];
    const { type } = inputs[0];
    const feedback = ({ value }) => answer.querySelector(`[data-option="${value}"]`);
    const name = (input) => input.parentElement.querySelector("b").textContent.trim();
    const values = () => inputs.filter((input) => type === "text" || input.checked).map(({ value }) => value);

    function chosen() {
      const given = inputs.filter((input) => input.checked);
      if (!given.length) return { problem: type === "radio" ? "Choose an answer first." : "Tick at least one answer first." };
      const isRight = (input) => "right" in input.dataset;
      const missing = inputs.filter((input) => isRight(input) && !input.checked).length;
      const right = given.every(isRight) && missing === 0;
      if (type === "radio") return { right, lines: [line(right ? "Right." : "Not right.", feedback(given[0]))] };
      const lines = given.map((input) => line(`${name(input)}: ${isRight(input) ? "right" : "not right"}.`, feedback(input)));
      const more = missing && given.every(isRight) ? "Right so far, but not all." : "Not right yet.";
      return { right, lines: [line(right ? "Right." : more), ...lines] };
    }

    function typed() {
      const [field] = inputs;
      const { answer: wanted, within, unit } = field.dataset;
      const numbers = readings(field.value, unit);
      if (!field.value.trim()) return { problem: "Type a number first." };
      if (!numbers.length) return { problem: "Type one number, in digits, such as 12.5 or 12,5." };
      // What a tolerance is must not hang on the last digit of a binary fraction.
      const near = (value) => numbers.some((number) => Math.abs(number - Number(value)) <= Number(within) + 1e-9);
      if (near(wanted)) return { right: true, lines: [line("Right.")] };
      const mistake = [...answer.querySelectorAll("[data-answer]")].find(({ dataset }) => near(dataset.answer));
      const lines = [mistake ? line("Not right.", mistake) : line("Not right. Try again, or unfold the answer below.")];
      return { right: false, lines };
    }

    function check() {
      const { problem, right, lines } = type === "text" ? typed() : chosen();
      if (type === "text") inputs[0].setAttribute("aria-invalid", String(Boolean(problem)));
      if (problem) {
        said.replaceChildren(line(problem));
        return;
      }
      said.replaceChildren(...lines, ...(right ? [line("", explanation)] : []));
      box.dataset.answered = "";
      keep(form.id, { values: values(), checked: true });
    }

    function forget() {
      for (const input of inputs) {
        input.checked = false;
        if (type === "text") input.value = "";
        input.removeAttribute("aria-invalid");
      }
      said.replaceChildren();
      answer.open = false;
      delete box.dataset.answered;
      keep(form.id, null);
    }

    function restore() {
      const given = kept()[form.id];
      if (!Array.isArray(given?.values)) return;
      for (const input of inputs) {
        if (type === "text") input.value = String(given.values[0] ?? "").slice(0, LONGEST);
        else input.checked = given.values.includes(input.value);
      }
      if (type === "radio" && inputs.filter((input) => input.checked).length !== 1) return;
      if (given.checked === true && values().some(Boolean)) check();
    }

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      check();
    });
    // What was said is about another answer now.
    form.addEventListener("input", () => {
      said.replaceChildren();
      keep(form.id, { values: values(), checked: false });
    });
    restore();
    return forget;
  }

  for (const checks of document.querySelectorAll(".carbite-self-check")) {
    const forgetters = [...checks.querySelectorAll(".carbite-question")].map(connect);
    const startedOver = checks.querySelector(".carbite-started-over");
    checks.querySelector(".carbite-start-over button").addEventListener("click", () => {
      for (const forget of forgetters) forget();
      startedOver.textContent = "All answers on this page are deleted.";
    });
    checks.addEventListener("input", () => {
      startedOver.textContent = "";
    });
    // Only now, when all of them work.
    for (const hidden of checks.querySelectorAll("[hidden]")) hidden.hidden = false;
    checks.dataset.ready = "";
  }
})();
