// The panels of the board: figures in, elements out. None keeps anything.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address, behind } from "./address.js";
import { chosen, figure, table } from "./sorting.js";

const FAILURE = { category: "copq" };

/** The filters of the day, and of the month up to it. */
export const ofDay = (b) => ({ ...FAILURE, line: b.line, grain: "day", bucket: b.day });
export const ofMonth = (b) => ({
  ...FAILURE, line: b.line, from: `${b.day.slice(0, 8)}01`, to: f.shift(b.day, 1),
});
/** The production that a figure is a share of. */
const ofBase = ({ category, ...filters }) => ({ ...filters, element: "production" });
const ofSpan = (b) => (b.span === "month" ? ofMonth(b) : ofDay(b));

function panel(name, title, ...content) {
  return h("section", { class: `panel ${name}`, "data-key": name, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title` }, title), content);
}

/** A bar of what is, with ticks for what it may be and for what it was. */
function bullet(figure) {
  const [now, target, before] = [figure.copq, figure.target ?? 0, figure.before.copq].map(Number);
  const most = Math.max(now, target, before, 1e-9) * 1.04;
  const at = (value) => `${(Math.max(value, 0) / most) * 100}%`;
  return h("svg", { class: "bullet", "aria-hidden": "true", width: "100%", height: "14" },
    h("rect", { class: "track", width: "100%", y: 2, height: 10 }),
    h("rect", { class: "before", width: at(before), y: 2, height: 10 }),
    h("rect", { class: figure.over ? "actual over" : "actual", width: at(now), y: 5, height: 4 }),
    figure.target === null ? null : h("line", { class: "target", x1: at(target), x2: at(target), y1: 0, y2: 14 }));
}

function verdict(figure) {
  if (figure.target_share === null) return h("span", { class: "quiet" }, "no target set");
  const target = `target ${f.percent(figure.target_share)}`;
  if (figure.share === null) return h("span", { class: "quiet" }, `${target}; no base yet`);
  return figure.over
    ? h("span", { class: "bad" }, `▲ over ${target}`)
    : h("span", { class: "good" }, `✓ within ${target}`);
}

/** Since when nothing has come, where that is since before `since`; else null: nought is a figure. */
function unheard(b, since) {
  if (!b.live || (b.newest && Date.parse(b.newest) > Date.parse(since))) return null;
  if (!b.newest) return b.latest_day ? `no event since ${f.dayInWords(b.latest_day)}` : "no event yet";
  return `no event since ${f.dayInWords(f.day(b.newest))}, ${f.clock(b.newest)} (${f.ago(b.newest, Date.parse(b.as_of))})`;
}

/** What a figure is compared with, between two instants. */
function ofBefore(b, figure) {
  const [from, to] = figure.before_span;
  return { ...FAILURE, line: b.line, from, to };
}

/** What makes a link open the entries that `filters` find; the exact figure is in its title. */
const opens = (b, filters, exact) => ({ href: behind(filters), title: `${exact} ${b.currency}: open what it is made of` });

/** Money in a tile: on a wall in short, from where that is shorter. */
function amount(text) {
  if (Math.abs(text) < 10000) return f.money(text);
  return [h("span", { class: "whole" }, f.money(text)), h("span", { class: "short" }, f.short(text))];
}

/** A figure, its base and what it is compared with; each opens the entries that `filters` find. */
function tile(name, title, b, figure, filters, beforeName, ofOther, silent = null) {
  const change = f.change(figure.copq, figure.before.copq);
  const known = Number(figure.before.copq) !== 0 || Number(figure.before.base ?? 0) !== 0;
  const base = figure.share === null
    ? [h("abbr", { class: "share", title: "nothing was produced here: no base, no percentage" }, "– %"),
       silent ? h("span", { class: "warned" }, ` ! ${silent}`) : h("span", { class: "quiet" }, " no production, so no percentage")]
    : [h("span", { class: "share" }, f.percent(figure.share)),
       h("span", { class: "quiet" }, " of ", h("a", { ...opens(b, ofBase(filters), figure.base), "aria-label": `${f.money(figure.base)} ${b.currency}: open the production` }, f.money(figure.base)), ` ${b.currency} production`)];
  return h("section", { class: `panel tile ${name}`, "data-key": name, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title` }, title),
    h("p", { class: "figure" },
      h("a", opens(b, filters, figure.copq),
        silent && Number(figure.copq) === 0 ? "–" : amount(figure.copq), h("span", { class: "unit" }, ` ${b.currency}`))),
    h("p", { class: "of" }, base),
    bullet(figure),
    h("p", { class: "beside" },
      verdict(figure),
      h("span", { class: "quiet" }, known ? [h("a", opens(b, ofOther, figure.before.copq), `${beforeName} ${f.money(figure.before.copq)}`), change ? ` · ${change}` : ""] : `${beforeName}: no figures`)),
    Number(figure.provisional) > 0
      ? h("p", { class: "quiet small" }, `of it ${f.money(figure.provisional)} from stops still open`) : null);
}

/** The last 60 minutes; of a day that is over, the hour that cost most. */
export function hour(b) {
  if (!b.hour) return worst(b);
  const until = (at) => ({ ...FAILURE, line: b.line, trailing: "1h", at });
  return tile("hour", "Last 60 minutes", b, b.hour, until(b.as_of), "same hour yesterday", until(b.hour.before_span[1]),
    unheard(b, new Date(Date.parse(b.as_of) - 3600000).toISOString()));
}

export function today(b) {
  return b.live
    ? tile("today", "Today so far", b, b.today, ofDay(b), "yesterday by now", ofBefore(b, b.today), unheard(b, b.day_start))
    : tile("today", f.dayInWords(b.day), b, b.today, ofDay(b), "the day before", { ...ofDay(b), bucket: f.shift(b.day, -1) });
}

export function month(b) {
  const until = b.live ? "" : ` to ${Number(b.day.slice(8))}`;
  return tile("month", `${f.monthInWords(b.day)}${until}`, b, b.month, ofMonth(b), "same days last month", ofBefore(b, b.month));
}

function worst(b) {
  const hour = b.hours.reduce((a, c) => (Number(c.copq) > Number(a.copq) ? c : a));
  const figure = { ...hour, target_share: null, before: { copq: hour.before }, provisional: "0" };
  if (hour.target !== null) figure.target_share = String(Number(hour.target) / Number(hour.base || 1));
  return tile("hour", `Worst hour: ${f.clock(hour.hour)}`, b, figure, inHour(b, hour.hour), "same hour the day before", inHour(b, hour.before_hour));
}

const inHour = (b, hour) => ({ ...FAILURE, line: b.line, grain: "hour", bucket: hour });
export const ofHour = (b, hour) => behind(inHour(b, hour));

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
    h("details", {}, h("summary", {}, "The hours as a table"),
      h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "COPQ by hour" },
        table("hours", hourColumns(b), rows, { given: "hour", key: (hour) => hour.hour }))));
}

const hourColumns = (b) => [
  { key: "hour", title: "Hour", value: (hour) => hour.hour,
    cell: (hour) => h("th", { scope: "row" }, h("a", { href: ofHour(b, hour.hour) }, f.clock(hour.hour))) },
  { key: "copq", title: `COPQ (${b.currency})`, kind: "n", value: (hour) => figure(hour.copq),
    cell: (hour) => h("td", { class: hour.over ? "bad" : null, title: hour.copq }, hour.over ? "▲ " : "", f.exactly(hour.copq)) },
  { key: "share", title: "COPQ %", kind: "n", value: (hour) => figure(hour.share), cell: (hour) => h("td", {}, hour.share === null ? f.percent(null) : h("a", { href: behind(ofBase(inHour(b, hour.hour))), title: `of ${hour.base} ${b.currency} production`, "aria-label": `${f.percent(hour.share)} of ${f.money(hour.base)} ${b.currency}: open the production` }, f.percent(hour.share))) },
  { key: "target", title: "Target", kind: "n", value: (hour) => figure(hour.target),
    cell: (hour) => h("td", {}, hour.target === null ? "–" : f.exactly(hour.target)) },
  { key: "before", title: "Day before", kind: "n", value: (hour) => figure(hour.before),
    cell: (hour) => h("td", {}, h("a", { href: ofHour(b, hour.before_hour) }, f.exactly(hour.before))) },
  { key: "stops", title: "Stops, h", kind: "n", value: (hour) => figure(hour.hours), cell: (hour) => h("td", {}, f.count(hour.hours)) },
];

const key = (kind, text) => h("span", { class: `key ${kind}`, "data-key": kind }, text);

function spark(values) {
  const numbers = values.map(Number);
  const most = Math.max(...numbers, 1e-9);
  const each = 100 / 24;
  return h("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" },
    numbers.map((value, index) => h("rect", {
      x: (index * each).toFixed(2), width: (each * 0.7).toFixed(2),
      y: (24 - (Math.max(value, 0) / most) * 23).toFixed(2), height: ((Math.max(value, 0) / most) * 23).toFixed(2) })));
}

/** All lines beyond the most expensive 200, in one row that opens nothing. */
const OTHER = "(other)";

export function lines(b) {
  const columns = lineColumns(b);
  const order = chosen("lines", columns) ? "Lines" : "Lines, dearest first";
  return panel("lines", b.line ? `Line ${b.line}` : order,
    b.lines.length === 0 ? h("p", { class: "quiet" }, "No line has figures this month.") :
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Lines" },
      table("lines", columns, b.lines, { given: "-copq", key: (line) => line.line })),
    h("p", { class: "quiet small" }, `In ${b.currency}. A line's name shows that line alone.`));
}

function lineColumns(b) {
  const aimed = b.lines.some((line) => line.target_share !== null);
  const day = f.column(b.lines.map((line) => line.copq));
  const before = f.column(b.lines.map((line) => line.before.copq));
  const month = f.column(b.lines.map((line) => line.month.copq));
  const all = [
    { key: "line", title: "Line", value: (line) => line.line,
      cell: (line) => h("th", { scope: "row" }, line.line === OTHER ? OTHER : h("a", { href: address({ line: b.line ? null : line.line }) }, line.line)) },
    { key: "spark", title: "By hour", cell: (line) => h("td", {}, spark(line.spark)) },
    { key: "copq", title: b.live ? "Today" : "Day", kind: "n", value: (line) => figure(line.copq),
      cell: (line) => h("td", { class: "n strong", title: `${line.copq} ${b.currency}` },
        line.line === OTHER ? day(line.copq) : h("a", { href: behind({ ...ofDay(b), line: line.line }) }, day(line.copq))) },
    { key: "share", title: "COPQ %", kind: "n", value: (line) => figure(line.share),
      cell: (line) => h("td", { class: line.over ? "n bad" : "n" }, line.over ? "▲ " : "", f.percent(line.share)) },
    { key: "target", title: "Target", kind: "n", value: (line) => figure(line.target_share),
      cell: (line) => h("td", { class: "n quiet" }, f.percent(line.target_share)) },
    { key: "before", title: b.live ? "Yesterday" : "Day before", kind: "n", value: (line) => figure(line.before.copq),
      cell: (line) => h("td", { class: "n quiet", title: line.before.copq },
        h("a", { href: behind({ ...ofDay(b), bucket: f.shift(b.day, -1), line: line.line }) }, before(line.before.copq))) },
    { key: "month", title: "Month", kind: "n", value: (line) => figure(line.month.copq),
      cell: (line) => h("td", { class: "n", title: line.month.copq },
        h("a", { href: behind({ ...ofMonth(b), line: line.line }) }, month(line.month.copq))) },
    { key: "heard", title: "Last heard", value: (line) => (line.newest ? Date.parse(line.newest) : null),
      cell: (line) => h("td", { class: "quiet heard", title: line.newest && `${f.day(line.newest)} ${f.clock(line.newest)}` }, line.newest ? heard(b, line.newest) : "–") },
  ];
  return aimed ? all : all.filter((column) => column.key !== "target");
}

/** The exact time too where it is of today; of older ones it is in the title. */
function heard(b, instant) {
  const today = f.day(instant) === f.day(b.as_of);
  const ago = f.ago(instant, Date.parse(b.as_of));
  if (b.live) return today ? [h("span", { class: "exact" }, `${f.clock(instant)}, `), ago] : ago;
  return today ? f.clock(instant) : `${f.day(instant)} ${f.clock(instant)}`;
}

const KINDS = { stage: "Stage", defect_code: "Defect code", element: "Element" };

export function pareto(b, kind) {
  const bars = b.paretos[kind];
  const net = f.column(bars.map((bar) => bar.net));
  const name = (bar) => (bar.others ? `${bar.others} others` : bar.name === null ? (kind === "stage" ? "no stage" : "no code") : kind === "element" ? f.element(bar.name) : bar.name);
  const of = h("span", { class: "printed" }, ` by ${KINDS[kind].toLowerCase()}, ${b.span === "month" ? "this month" : b.live ? "today" : "this day"}`);
  return panel("pareto", ["What costs most", of],
    h("div", { class: "choices" },
      h("nav", { "aria-label": "Pareto by" }, Object.entries(KINDS).map(([k, title]) =>
        h("a", { href: address({ pareto: k }), "aria-current": k === kind ? "true" : null }, title))),
      h("nav", { "aria-label": "Window of the Pareto" }, [["day", b.live ? "Today" : "Day"], ["month", "Month"]].map(([k, title]) =>
        h("a", { href: address({ span: k }), "aria-current": k === b.span ? "true" : null }, title)))),
    bars.length === 0 ? h("p", { class: "quiet" }, "Nothing is booked in this window.") :
    h("div", { class: "bars" },
      h("div", { class: "canvas", id: "pareto-chart", "data-kept": true, "aria-hidden": "true" }),
      h("table", { class: "pareto" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, KINDS[kind]), h("th", { scope: "col", class: "space" }, h("span", { class: "unseen" }, "Bar")),
          h("th", { scope: "col", class: "n" }, b.currency), h("th", { scope: "col", class: "n" }, "added up"))),
        h("tbody", {}, bars.map((bar) => h("tr", {},
          h("th", { scope: "row", title: name(bar) }, bar.others ? name(bar) : h("a", { href: behind({ ...ofSpan(b), [kind]: bar.name ?? "" }) }, name(bar))),
          h("td", { class: "space" }),
          h("td", { class: "n strong", title: bar.net }, net(bar.net)),
          h("td", { class: "n quiet" }, f.percent(bar.cumulative_share))))))),
    h("p", { class: "quiet small" }, "Booked losses; stops still open come in once they end. Line: added up, with the 80 % mark."));
}

const FIRST = 3;

/** The first few in sight, the others behind a line that says how many they are. */
function folded(rows, others, row) {
  const rest = rows.slice(FIRST);
  return [
    h("ul", {}, rows.slice(0, FIRST).map(row)),
    rest.length ? h("details", { "data-key": "rest" }, h("summary", {}, others(rest.length)), h("ul", {}, rest.map(row))) : null,
  ];
}

/** Stops that are open, the dearest first; `app.js` lets them tick. */
export function stops(b) {
  const quiet = unheard(b, b.day_start) ? "none is reported" : b.live ? "✓ no line stands still" : "none at the end of the day";
  const ranked = b.open_stops.toSorted((a, c) => c.cost - a.cost);
  return panel(ranked.length ? "stops" : "stops none", ranked.length ? `Open stops (${ranked.length})` : "Open stops",
    ranked.length === 0 ? h("p", { class: "quiet" }, quiet)
      : folded(ranked, (n) => `and ${n} more`, (stop) => openStop(b, stop)));
}

function openStop(b, stop) {
  const what = [`Line ${stop.line}`, stop.work_unit, stop.defect_code, stop.planned ? "planned" : null].filter(Boolean).join(" · ");
  const elsewhere = Number(stop.per_minute) === 0 && !stop.planned;
  return h("li", { "data-key": stop.event_id },
    h("span", { class: "clock n", "data-since": b.live ? stop.started_at : null }, f.lasting(Date.parse(b.as_of) - Date.parse(stop.started_at))),
    h("span", { class: "what" }, h("a", { href: address({ event: stop.event_id, entries: null }) }, what),
      elsewhere ? h("span", { class: "quiet small" }, " another stop has the line's time") : null),
    h("span", { class: "n strong" }, h("span", { "data-cost": b.live ? stop.cost : null, "data-rate": stop.per_minute, "data-at": b.as_of }, f.exactly(stop.cost)), h("span", { class: "quiet" }, ` ${stop.currency}`)));
}

export function latest(b) {
  return panel("latest", `Latest priced, ${b.currency}`,
    b.latest.length === 0 ? h("p", { class: "quiet" }, "Nothing was booked on this day or the day before.") :
    h("ul", { class: "list" }, b.latest.map((entry) => h("li", { "data-key": `${entry.event_id}/${entry.entry_no}` },
      h("span", { class: "quiet n" }, f.clock(entry.occurred_at)),
      h("a", { class: "what", href: address({ event: entry.event_id, entries: null }) },
        [`Line ${entry.line}`, f.element(entry.element), entry.defect_code ?? entry.stage ?? entry.product].filter(Boolean).join(" · ")),
      h("span", { class: "n strong", title: entry.net }, f.exactly(entry.net)),
      h("span", { class: "formula quiet small" }, entry.formula)))));
}

const SIGN = { critical: "▲", warning: "!" };

/** The lines in trouble as they are ranked, each opens what it is made of. */
export function alerts(b) {
  if (b.alerts.length === 0) return null;
  const critical = b.alerts.filter((alert) => alert.level === "critical");
  const others = b.alerts.filter((alert) => alert.level !== "critical");
  return h("section", { class: "alerts", "data-key": "alerts", "aria-label": "Alerts" },
    folded(critical, (n) => `▲ and ${n} more ${n === 1 ? "line" : "lines"}, less dear`, alertRow),
    h("ul", { "data-key": "others" }, others.map(alertRow)));
}

function alertRow(alert) {
  return h("li", { class: alert.level, "data-key": `${alert.kind} ${alert.line ?? ""}` },
    h("span", { class: "sign", "aria-hidden": "true" }, SIGN[alert.level]),
    alert.parts.length === 0 ? h("span", {}, ofLine(alert))
      : h("details", {}, h("summary", {}, alert.text), h("ul", {}, alert.parts.map((part) => h("li", {}, ofLine(part))))));
}

/** What is of a line shows that line. */
const ofLine = ({ line, text }) => (line === null ? text : h("a", { href: address({ line }) }, text));

export function footer(b) {
  return [
    h("p", {}, h("strong", {}, "Estimates at standard rates"), `, in ${b.currency}, until finance reconciles them. COPQ is failure alone: internal, external and administrative. COPQ % = COPQ / base; base: ${b.base_name}. `,
      `As of ${f.day(b.as_of)} ${f.seconds(b.as_of)} (${b.zone}); the production day ${b.day} is from ${f.clock(b.day_start)} to ${f.clock(b.day_end)}.`),
    h("p", {}, h("a", { href: `/v1/copq?plant=${encodeURIComponent(b.plant)}&grain=day&by=line&from=${b.day.slice(0, 8)}01&format=csv` }, "This month by line and day as CSV"), " · ",
      h("a", { href: "/openapi.json" }, "the API behind the board (OpenAPI)")),
  ];
}
