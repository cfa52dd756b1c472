// Draws HTML over HTML that is already there. Whatever stays the same stays in place, so that the control
// which a reader is using keeps its focus, and a click that began before a redraw still ends on its control.

const drawn = new WeakMap();

/** Make the content of an element that of an HTML text. @param {Element} el @param {string} html */
export function redraw(el, html) {
  // What was refused stands in its field until the next choice.
  if (drawn.get(el) === html && !el.querySelector("[aria-invalid]")) return;
  drawn.set(el, html);
  const template = el.ownerDocument.createElement("template");
  template.innerHTML = html;
  takeOver(el, template.content);
}

function takeOver(present, wanted) {
  const nodes = [...wanted.childNodes];
  nodes.forEach((node, position) => {
    const old = present.childNodes[position];
    if (!old) present.append(node);
    else if (!isSamePart(old, node)) old.replaceWith(node);
    else if (node.nodeType === Node.ELEMENT_NODE) takeOverElement(old, node);
    else if (old.data !== node.data) old.data = node.data;
  });
  while (present.childNodes.length > nodes.length) present.lastChild.remove();
}

/** Whether one node can become the other: the same kind of element, with the same id, for the same row. */
function isSamePart(old, node) {
  return old.nodeName === node.nodeName && old.id === node.id && old.dataset?.row === node.dataset?.row;
}

function takeOverElement(old, node) {
  if (old.isEqualNode(node)) return;
  for (const { name } of [...old.attributes]) if (!node.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of node.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  takeOver(old, node);
  // What a reader ticked, chose or typed is no attribute.
  if (old.value !== node.value) old.value = node.value;
  if (old.checked !== node.checked) old.checked = node.checked;
}
