// Tables that sort by their columns. The address holds the choice, so a refresh keeps it.

import { h } from "./dom.js";
import { address, go, view } from "./address.js";

/**
 * A table whose rows are sorted as the address says, else as they come.
 * @param {string} name its parameter in the address: `sort_${name}`
 * @param {{ key: string, title: string, kind?: string, value?: (row: any) => string | number | null,
 *           cell: (row: any) => Element }[]} columns those with a `value` sort; `kind` is a class
 * @param {any[]} rows
 * @param {{ given: string, key: (row: any) => string, attributes?: object, of?: (row: any) => string,
 *           id?: string }} options `given` is the order in which the rows come: `-copq` is falling
 */
export function table(name, columns, rows, { given, key, attributes = {}, of = () => null, id = null }) {
  const order = chosen(name, columns) ?? given;
  return h("table", attributes,
    h("thead", {}, h("tr", {}, columns.map((column) => head(name, column, order, given)))),
    h("tbody", { id }, sorted(rows, columns, order, given).map((row) =>
      h("tr", { "data-key": key(row), class: of(row) }, columns.map((column) => column.cell(row))))));
}

/** The order that the address names, where the table has such a column. */
export function chosen(name, columns) {
  const order = view()[`sort_${name}`];
  return order && columns.some((column) => column.value && column.key === bare(order)) ? order : null;
}

const bare = (order) => order.replace("-", "");

function head(name, column, order, given) {
  if (!column.value) return h("th", { scope: "col", class: column.kind, "data-name": column.key }, column.title);
  const here = bare(order) === column.key;
  const falling = order.startsWith("-");
  const next = here ? (falling ? column.key : `-${column.key}`) : column.kind?.startsWith("n") ? `-${column.key}` : column.key;
  return h("th", { scope: "col", class: column.kind, "data-name": column.key, "aria-sort": here ? (falling ? "descending" : "ascending") : null },
    h("button", { type: "button", class: "sort", "data-sort": `sort_${name}`, "data-order": next === given ? "" : next },
      column.title, h("span", { class: "arrow", "aria-hidden": "true" }, here ? (falling ? "▼" : "▲") : "")));
}

function sorted(rows, columns, order, given) {
  if (order === given) return rows;
  const { value } = columns.find((column) => column.key === bare(order));
  const sign = order.startsWith("-") ? -1 : 1;
  return rows.toSorted((a, b) => compare(value(a), value(b), sign));
}

/** Rows without a figure come last in both directions; L2 comes before L10. */
function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  return sign * (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
}

/** A number from its text, or null. */
export const figure = (text) => (text === null || text === undefined ? null : Number(text));

export function listen() {
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("button[data-sort]") : null;
    if (button) go(address({ [button.dataset.sort]: button.dataset.order }));
  });
}
