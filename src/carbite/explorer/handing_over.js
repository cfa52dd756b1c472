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

/** Let the reader save a text as a CSV file. */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
