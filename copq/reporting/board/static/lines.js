// The lines of the plant, the most expensive first.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address } from "./address.js";
import { ofDay, ofMonth, opens } from "./filters.js";
import { panel } from "./panels.js";
import { chosen, figure, table } from "./sorting.js";

export function lines(b) {
  const columns = lineColumns(b);
  const title = chosen("lines", columns) ? "Lines" : "Lines, most expensive first";
  return panel("lines", b.line ? `Line ${b.line}` : title,
    b.lines.length === 0 ? h("p", { class: "quiet" }, "No line has figures this month.") :
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Lines" },
      table("lines", columns, b.lines, { given: "-copq", key: (line) => line.line })),
    h("p", { class: "quiet small" }, `Amounts in ${b.currency}. ${b.line ? "Select the line to see all lines." : "Select a line to see only that line."}`));
}

function spark(values) {
  const numbers = values.map(Number);
  const most = Math.max(...numbers, 1e-9);
  const each = 100 / 24;
  const height = (value) => (Math.max(value, 0) / most) * 23;
  return h("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" },
    numbers.map((value, index) => h("rect", {
      x: (index * each).toFixed(2), width: (each * 0.7).toFixed(2),
      y: (24 - height(value)).toFixed(2), height: height(value).toFixed(2) })));
}

/** All lines beyond the most expensive, in one row that opens nothing. */
const OTHER = "(other)";

/** The figure of a line where it has one: "0.00" is a figure, a dash is none. */
const known = (of) => (of.known ? figure(of.copq) : null);

function money(b, of, format, filters) {
  if (of.known && filters.line === OTHER) return format(of.copq);
  return of.known ? h("a", opens(b, filters, of.copq), format(of.copq)) : "–";
}

function lineColumns(b) {
  const column = (of) => f.column(b.lines.map(of).filter((sum) => sum.known).map((sum) => sum.copq));
  const [day, before, month] = [column((line) => line), column((line) => line.before), column((line) => line.month)];
  const yesterday = b.live ? "Yesterday" : "Day before";
  const all = [
    { key: "line", title: "Line", value: (line) => line.line,
      cell: (line) => h("th", { scope: "row" }, line.line === OTHER ? OTHER : h("a", { href: address({ line: b.line ? null : line.line }) }, line.line)) },
    { key: "spark", title: "By hour", cell: (line) => h("td", { "data-name": "spark" }, spark(line.spark)) },
    { key: "copq", title: b.live ? "Today" : "Day", kind: "n", value: known,
      cell: (line) => h("td", { class: "n strong", "data-name": "day" }, money(b, line, day, { ...ofDay(b), line: line.line })) },
    { key: "share", title: "COPQ %", kind: "n", value: (line) => figure(line.share),
      cell: (line) => h("td", { class: line.over ? "n bad" : "n", "data-name": "share" }, line.over ? "▲ " : "", f.percent(line.share)) },
    { key: "target", title: "Target", kind: "n", value: (line) => figure(line.target_share),
      cell: (line) => h("td", { class: "n quiet", "data-name": "target" }, f.percent(line.target_share)) },
    { key: "before", title: yesterday, kind: "n", value: (line) => known(line.before),
      cell: (line) => h("td", { class: "n quiet", "data-name": "before", "data-label": yesterday.toLowerCase() },
        money(b, line.before, before, { ...ofDay(b), bucket: f.shift(b.day, -1), line: line.line })) },
    { key: "month", title: "Month", kind: "n", value: (line) => known(line.month),
      cell: (line) => h("td", { class: "n", "data-name": "month", "data-label": "month" },
        money(b, line.month, month, { ...ofMonth(b), line: line.line })) },
    { key: "budget", title: "Budget", kind: "n", value: (line) => figure(line.budget?.used),
      cell: (line) => h("td", { class: line.budget?.over ? "n bad" : "n quiet", "data-name": "budget", "data-label": line.budget && "budget used",
        title: line.budget && `${f.percent(line.budget.used)} of ${f.money(line.budget.amount)} ${b.currency} is used, ${f.dayOfMonth(b.day)}` },
        line.budget ? `${line.budget.over ? "▲ " : ""}${f.percent(line.budget.used)}` : "–") },
    { key: "heard", title: "Last event", value: (line) => (line.newest ? Date.parse(line.newest) : null),
      cell: (line) => h("td", { class: "quiet heard", "data-name": "heard", title: line.newest && `${f.day(line.newest)} ${f.clock(line.newest)}` }, line.newest ? heard(b, line.newest) : "–") },
  ];
  const empty = { target: !b.lines.some((line) => line.target_share !== null), budget: !b.lines.some((line) => line.budget) };
  return all.filter((column) => !empty[column.key]);
}

/** The exact time too where it is of today; of older ones it is in the title. */
function heard(b, instant) {
  const today = f.day(instant) === f.day(b.as_of);
  const ago = f.ago(instant, Date.parse(b.as_of));
  if (b.live) return today ? [h("span", { class: "exact" }, `${f.clock(instant)}, `), ago] : ago;
  return today ? f.clock(instant) : `${f.day(instant)} ${f.clock(instant)}`;
}
