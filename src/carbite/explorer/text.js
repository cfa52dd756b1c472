// Numbers and sentences as text, and text as HTML and CSV.

/** Put values into the {places} of a sentence. */
export function fill(template, values) {
  return template.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A number with so many decimals; a half rounds up, as in the printed tables and in Python. */
export function roundHalfUp(value, decimals) {
  const scale = 10 ** decimals;
  return (Math.floor(value * scale + 0.5) / scale).toFixed(decimals);
}

/** For the middle of a sentence. */
export function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** Text made safe for HTML, in content and in quoted attributes. */
export function escapeHtml(value) {
  return String(value).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** Lines of cells as CSV. A text that a spreadsheet would run as a formula gets a leading apostrophe. */
export function csvText(lines) {
  const cell = (value) => {
    if (value === null || value === undefined) return "";
    if (typeof value === "number") return String(value);
    const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(value) ? `'${value}` : value;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}
