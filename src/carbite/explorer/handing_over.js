// What a reader takes along: a link to the present state, a file.

/** Put a link on the clipboard, or show it to be copied by hand. */
export function copyLink(link, notice, shownIn) {
  const showIt = () => {
    notice("Copy this link: ");
    const field = Object.assign(document.createElement("input"), { readOnly: true, value: link });
    field.setAttribute("aria-label", "Link to this state");
    shownIn.append(field);
    field.focus();
    field.select();
  };
  if (!navigator.clipboard) showIt();
  else navigator.clipboard.writeText(link).then(() => notice("Link copied. It opens this page in exactly this state."), showIt);
}

/** Let the reader save a text as a file. A spreadsheet takes a CSV file for UTF-8 when it begins with this mark. */
export function download(name, text, type = "text/csv") {
  const mark = type === "text/csv" ? "\ufeff" : "";
  const url = URL.createObjectURL(new Blob([mark, text], { type: `${type};charset=utf-8` }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
