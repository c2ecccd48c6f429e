// What costs most: sorted bars, the cumulative share as a line, and a mark at 80 %.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address, view } from "./address.js";
import { ofSpan, opens } from "./filters.js";
import { panel } from "./panels.js";

const KINDS = { cause: "Cause", stage: "Stage", defect_code: "Code", element: "Element" };
const NAMELESS = { stage: "without a stage", defect_code: "without a code" };
const STOPS = ["downtime", "planned_stop"];

/** The kind that the address names, else causes. */
const chosen = (b) => (view().pareto in b.paretos ? view().pareto : "cause");

/** What happened, and where: "UNP-ELEC, LINE2-PAL", "burr, Trim", "rejects, Filler". */
function label(bar, kind) {
  if (!bar.of) return `${f.count(bar.others)} others`;
  if (kind !== "cause") return bar.of[kind] === null ? NAMELESS[kind] : kind === "element" ? f.element(bar.of.element) : bar.of[kind];
  const { element, defect_code, work_unit, stage } = bar.of;
  return [defect_code ?? f.element(element), work_unit ?? stage].filter(Boolean).join(", ");
}

/** The entries of a bar; an empty name stands for entries without one. The machine tells stops apart alone. */
function filters(b, bar) {
  const of = { ...bar.of };
  if ("work_unit" in of && !STOPS.includes(of.element)) delete of.work_unit;
  return { ...ofSpan(b), ...Object.fromEntries(Object.entries(of).map(([name, value]) => [name, value ?? ""])) };
}

const choices = (name, chosen, options) => h("nav", { "aria-label": name[0] }, options.map(([value, title]) =>
  h("a", { href: address({ [name[1]]: value }), "aria-current": value === chosen ? "true" : null }, title)));

export function pareto(b) {
  const kind = chosen(b);
  const bars = b.paretos[kind];
  const window = b.span === "month" ? "this month" : b.live ? "today" : "this day";
  return panel("pareto", ["What costs most", h("span", { class: "printed" }, ` by ${KINDS[kind].toLowerCase()}, ${window}`)],
    h("div", { class: "choices" },
      choices(["Pareto by", "pareto"], kind, Object.entries(KINDS)),
      choices(["Window of the Pareto", "span"], b.span, [["day", b.live ? "Today" : "Day"], ["month", "Month"]])),
    bars.length === 0 ? h("p", { class: "quiet" }, "Nothing is booked in this window.") : chart(b, kind, bars),
    h("p", { class: "quiet small" }, "The line is the cumulative share, the dashed mark 80 %. Open stops are included."),
    h("p", { class: "small why", id: "why-today", "data-kept": true, "data-key": "why" }));
}

function chart(b, kind, bars) {
  const net = f.column(bars.map((bar) => bar.net));
  const most = Math.max(...bars.map((bar) => Number(bar.net)), 1e-9);
  return h("table", { class: "pareto" },
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, KINDS[kind]),
      h("th", { scope: "col", class: "space" }, h("span", { class: "unseen" }, "Bar")),
      h("th", { scope: "col", class: "n" }, b.currency), h("th", { scope: "col", class: "n" }, "Cumulative"))),
    h("tbody", {}, bars.map((bar, index) => {
      const name = label(bar, kind);
      const open = bar.of && opens(b, filters(b, bar), bar.net);
      const link = (attributes, ...content) => (open ? h("a", { ...open, ...attributes }, content) : content);
      return h("tr", { "data-key": name, class: bar.of && name !== NAMELESS[kind] ? null : "others" },
        h("th", { scope: "row", title: name }, link({ class: "name" }, name)),
        h("td", { class: "space" }, link({ class: "bar", tabindex: -1, "aria-hidden": "true" }, row(bars, index, most))),
        h("td", { class: "n strong" }, link({ tabindex: -1 }, net(bar.net))),
        h("td", { class: "n quiet" }, f.percent(bar.cumulative_share)));
    })));
}

/** One row of the chart: its bar, and its piece of the cumulative line. */
function row(bars, index, most) {
  const at = (row) => Number(bars[row].cumulative_share) * 100;
  const middle = (a, c) => (at(a) + at(c)) / 2;
  const points = [
    index > 0 ? `${middle(index - 1, index)},0` : null, `${at(index)},50`,
    index < bars.length - 1 ? `${middle(index, index + 1)},100` : null,
  ].filter(Boolean).join(" ");
  return h("svg", { class: "row", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" },
    h("rect", { class: "actual", y: 25, height: 50, width: (Math.max(Number(bars[index].net), 0) / most) * 100 }),
    h("line", { class: "mark", x1: 80, x2: 80, y1: 0, y2: 100 }),
    h("polyline", { class: "cumulative", points }),
    h("line", { class: "point", x1: at(index), x2: at(index), y1: 50, y2: 50 }));
}
