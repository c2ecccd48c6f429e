// Makes elements, and updates a tree in place: what is the same is not touched.

const SVG = new Set(["svg", "rect", "line", "polyline", "path", "g"]);

/**
 * An element. Children may be nodes, text, lists of them, or null for nothing.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...any} children
 */
export function h(tag, attributes = {}, ...children) {
  const element = SVG.has(tag)
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Make the children of `parent` what `children` are. Focus, selection and scroll stay where they
 * are. What has `data-kept` keeps its own children: a chart draws itself.
 * @param {Element} parent
 * @param {...any} children
 */
export function show(parent, ...children) {
  const wanted = document.createElement("div");
  wanted.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  const focused = document.activeElement;
  align(parent, wanted);
  // A row that moved among its like is the same row, but moving it takes the focus away.
  if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
}

function align(parent, wanted) {
  const next = [...wanted.childNodes];
  next.forEach((child, index) => {
    const known = keyed(parent, child);
    if (known && known !== parent.childNodes[index]) parent.insertBefore(known, parent.childNodes[index]);
    const there = parent.childNodes[index];
    if (!there) parent.append(child);
    else if (alike(there, child)) become(there, child);
    else if (child.dataset?.key) parent.insertBefore(child, there);
    else there.replaceWith(child);
  });
  while (parent.childNodes.length > next.length) parent.lastChild.remove();
}

function keyed(parent, child) {
  const key = child.dataset?.key;
  return key && [...parent.childNodes].find((there) => there.dataset?.key === key && alike(there, child));
}

function alike(a, b) {
  return a.nodeName === b.nodeName && a.dataset?.key === b.dataset?.key;
}

function become(there, wanted) {
  if (there.nodeType === Node.TEXT_NODE) {
    if (there.data !== wanted.data) there.data = wanted.data;
    return;
  }
  for (const { name } of [...there.attributes]) {
    if (!wanted.hasAttribute(name) && !(there.nodeName === "DETAILS" && name === "open")) {
      if (!("kept" in there.dataset)) there.removeAttribute(name);
    }
  }
  for (const { name, value } of wanted.attributes) {
    if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
  if (there.nodeName === "INPUT" && document.activeElement !== there) there.value = wanted.getAttribute("value") ?? "";
  if (!("kept" in there.dataset)) align(there, wanted);
}
