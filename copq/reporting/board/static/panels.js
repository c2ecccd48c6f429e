// The panels of the board below its three figures: data in, elements out.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address } from "./address.js";
import { inHour, ofBase, opens } from "./filters.js";
import { figure, table } from "./sorting.js";
import { silence } from "./tiles.js";
import { whyDay } from "./why.js";

export function panel(name, title, ...content) {
  return h("section", { class: `panel ${name}`, "data-key": name, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title` }, title), content);
}

export function hours(b) {
  const target = b.hours.some((hour) => hour.target !== null);
  const rows = b.hours.filter((hour) => hour.begun);
  return panel("hours", "Hour by hour",
    h("p", { class: "legend" }, key("actual", `COPQ in ${b.currency}`), key("before", "the day before"),
      b.hours.some((hour) => hour.over) ? key("over", "▲ over target") : null,
      target ? key("line", "target") : h("span", { class: "quiet", "data-key": "no target" }, "no target set"),
      h("span", { class: "under", id: "hour-under", "data-kept": true, "data-key": "under" })),
    h("div", { class: "chart", id: "hours-chart", "data-kept": true, role: "img",
      "aria-label": `COPQ of each hour of ${f.dayInWords(b.day)}; the table below has the same figures` }),
    h("details", {}, h("summary", {}, "Show the hours as a table"),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "COPQ by hour" },
        table("hours", hourColumns(b), rows, { given: "hour", key: (hour) => hour.hour }))));
}

const hourColumns = (b) => [
  { key: "hour", title: "Hour", value: (hour) => hour.hour,
    cell: (hour) => h("th", { scope: "row" }, h("a", opens(b, inHour(b, hour.hour), hour.copq), f.clock(hour.hour))) },
  { key: "copq", title: `COPQ (${b.currency})`, kind: "n", value: (hour) => (hour.known ? figure(hour.copq) : null),
    cell: (hour) => h("td", { class: hour.over ? "bad" : null, title: hour.copq }, hour.known ? [hour.over ? "▲ " : "", f.exactly(hour.copq)] : "–") },
  { key: "share", title: "COPQ %", kind: "n", value: (hour) => figure(hour.share), cell: (hour) => h("td", {}, hour.share === null ? f.percent(null) : h("a", { ...opens(b, ofBase(inHour(b, hour.hour)), hour.base), "aria-label": `${f.percent(hour.share)} of ${f.money(hour.base)} ${b.currency}: open the production` }, f.percent(hour.share))) },
  { key: "target", title: "Target", kind: "n", value: (hour) => figure(hour.target),
    cell: (hour) => h("td", {}, hour.target === null ? "–" : f.exactly(hour.target)) },
  { key: "before", title: "Day before", kind: "n", value: (hour) => (hour.before.known ? figure(hour.before.copq) : null),
    cell: (hour) => h("td", {}, hour.before.known ? h("a", opens(b, inHour(b, hour.before_hour), hour.before.copq), f.exactly(hour.before.copq)) : "–") },
  { key: "stops", title: "Stops, h", kind: "n", value: (hour) => figure(hour.hours), cell: (hour) => h("td", {}, Number(hour.hours) ? f.count(hour.hours) : "–") },
];

const key = (kind, text) => h("span", { class: `key ${kind}`, "data-key": kind }, text);

const FIRST = 3;

/** The first few rows; the others open from a line that counts them. */
function folded(rows, others, row) {
  const rest = rows.slice(FIRST);
  return [
    h("ul", {}, rows.slice(0, FIRST).map(row)),
    rest.length ? h("details", { "data-key": "rest" }, h("summary", {}, others(rest.length)), h("ul", {}, rest.map(row))) : null,
  ];
}

/** Open stops, the most expensive first; `app.js` counts them up. */
export function stops(b) {
  const quiet = silence(b, b.day_start) ? "none reported" : b.live ? "✓ no line is stopped" : "none at the end of the day";
  const ranked = b.open_stops.toSorted((a, c) => c.cost - a.cost);
  const count = b.open_stops_totals.stops;
  return panel(ranked.length ? "stops" : "stops none", ranked.length ? `Open stops (${f.count(count)})` : "Open stops",
    ranked.length === 0 ? h("p", { class: "quiet" }, quiet)
      : folded(ranked, (n) => `and ${n} more`, (stop) => openStop(b, stop)),
    count > ranked.length ? h("p", { class: "quiet small" }, `The ${ranked.length} most expensive of ${f.count(count)}. All open stops have cost ${costs(b.open_stops_totals.cost)} so far.`) : null);
}

const costs = (byCurrency) => Object.entries(byCurrency).map(([currency, cost]) => `${f.exactly(cost)} ${currency}`).join(" and ");

function openStop(b, stop) {
  const what = [`Line ${stop.line}`, stop.work_unit, stop.defect_code, stop.planned ? "planned" : null].filter(Boolean).join(" · ");
  const elsewhere = Number(stop.per_minute) === 0 && !stop.planned;
  return h("li", { "data-key": stop.event_id },
    h("span", { class: "clock n", "data-since": b.live ? stop.started_at : null }, f.lasting(Date.parse(b.as_of) - Date.parse(stop.started_at))),
    h("span", { class: "what" }, h("a", { href: address({ event: stop.event_id, entries: null }) }, what),
      elsewhere ? h("span", { class: "quiet small" }, " counted with another stop of this line") : null),
    h("span", { class: "n strong" }, h("span", { "data-cost": b.live ? stop.cost : null, "data-rate": stop.per_minute, "data-at": b.as_of }, f.exactly(stop.cost)), h("span", { class: "quiet" }, ` ${stop.currency}`)));
}

export function latest(b) {
  return panel("latest", `Latest costs in ${b.currency}`,
    b.latest.length === 0 ? h("p", { class: "quiet" }, "Nothing was booked on this day or the day before.") :
    h("ul", { class: "list" }, b.latest.map((entry) => h("li", { "data-key": `${entry.event_id}/${entry.entry_no}` },
      h("span", { class: "quiet n" }, f.clock(entry.occurred_at)),
      h("a", { class: "what", href: address({ event: entry.event_id, entries: null }) },
        [`Line ${entry.line}`, f.element(entry.element), entry.defect_code ?? entry.stage ?? entry.product].filter(Boolean).join(" · ")),
      h("span", { class: "n strong", title: entry.net }, f.exactly(entry.net)),
      h("span", { class: "formula quiet small" }, entry.formula)))));
}

const SIGN = { critical: "▲", warning: "!" };

/** The alerts of lines as the service ranks them, then the others; each opens its parts. */
export function alerts(b) {
  if (b.alerts.length === 0) return null;
  const row = (alert) => alertRow(b, alert);
  const critical = b.alerts.filter((alert) => alert.level === "critical");
  const others = b.alerts.filter((alert) => alert.level !== "critical");
  return h("section", { class: "alerts", "data-key": "alerts", "aria-label": "Alerts" },
    folded(critical, (n) => `▲ and ${n} more ${n === 1 ? "line" : "lines"} with lower costs`, row),
    h("ul", { "data-key": "others" }, others.map(row)));
}

/** An alert about the costs of a line opens what explains them, too. */
function alertRow(b, alert) {
  return h("li", { class: alert.level, "data-key": `${alert.kind} ${alert.line ?? ""}` },
    h("span", { class: "sign", "aria-hidden": "true" }, SIGN[alert.level]),
    alert.parts.length === 0 ? h("span", {}, ofLine(alert), alert.level === "critical" ? [" ", h("a", { class: "named", href: whyDay(b, alert.line), "aria-label": `Why line ${alert.line}?` }, "Why?")] : null)
      : h("details", {}, h("summary", {}, alert.text), h("ul", {}, alert.parts.map((part) => h("li", {}, ofLine(part))))));
}

/** A text about a line links to that line. */
const ofLine = ({ line, text }) => (line === null ? text : h("a", { href: address({ line }) }, text));

export function footer(b) {
  const form = document.body.dataset.form && !document.body.dataset.signedIn;
  return [
    h("p", {}, h("strong", {}, "Estimates at standard rates"), ` in ${b.currency}, until finance reconciles them. COPQ is the cost of failure only: internal, external and administrative. COPQ % = COPQ / base; base: ${b.base_name}. `,
      `As of ${f.day(b.as_of)} ${f.seconds(b.as_of)} (${b.zone}); the production day ${b.day} runs from ${f.clock(b.day_start)} to ${f.clock(b.day_end)}.`),
    h("p", {}, h("a", { href: `/v1/copq?plant=${encodeURIComponent(b.plant)}&grain=day&by=line&from=${b.day.slice(0, 8)}01&format=csv` }, "This month by line and day as CSV"), " · ",
      form ? [h("a", { href: "/form" }, "Enter events in the form"), " · "] : null,
      h("a", { href: "/docs" }, "API")),
  ];
}
