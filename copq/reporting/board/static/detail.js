// The entries behind a figure: their parts, their formulas, and one event as it arrived.

import { h, show } from "./dom.js";
import * as f from "./figures.js";
import { address, behind, close, view } from "./address.js";
import { detail as reason } from "./live.js";
import { table } from "./sorting.js";

const place = () => document.getElementById("detail");
let shown = "";
/** The figure that is open: its question, and the pages of its entries that are loaded. */
let figure = null;

/** Open, change or close the figure that the address names. */
export async function follow(b) {
  const { entries, event } = view();
  const wanted = event ? `event ${event}` : entries ? `entries ${entries} ${b.plant}` : "";
  if (wanted === shown) {
    if (figure && entries && !event) show(place(), ofFigure(b));
    return;
  }
  shown = wanted;
  figure = null;
  if (!wanted) {
    if (place().open) place().close();
    return;
  }
  show(place(), head(event ? "Event" : "Entries"), h("p", { class: "waiting" }, "Loading …"));
  if (!place().open) place().showModal();
  const content = await (event ? ofEvent(event, b) : readFigure(entries, b));
  if (wanted !== shown) return;
  figure = content.asked ? content : null;
  show(place(), figure ? ofFigure(b) : content);
}

export function listen() {
  place().addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  place().addEventListener("click", (event) => event.target === place() && close());
  place().addEventListener("click", (event) => event.target.closest("button.next") && more(event.target));
}

function head(title, back = null) {
  return h("header", {}, h("h2", { id: "detail-title" }, title),
    back ? h("a", { href: back, class: "back" }, "‹ All entries") : null,
    h("a", { href: address({ entries: null, event: null }), class: "close", "aria-label": "Close" }, "✕"));
}

async function read(query) {
  const said = await fetch(`/v1/entries?${query}`, { cache: "no-store" }).catch(() => null);
  if (said?.ok) return said.json();
  return { failed: (said && (await reason(said))) ?? "The service does not answer. Close this and open it again." };
}

async function readFigure(filters, b) {
  const asked = new URLSearchParams(filters);
  if (b.plant) asked.set("plant", b.plant);
  const said = await read(asked);
  if (said.failed) return [head("Entries"), h("p", { class: "bad" }, said.failed)];
  return { asked, said };
}

function ofFigure(b) {
  const { asked, said } = figure;
  const total = said.totals[0];
  const whole = said.figures[0];
  return [
    head(`${called(asked)}: ${words(asked, b)}`),
    !whole ? h("p", {}, "Nothing is booked here.") : ofBase(asked) ? sumOfBase(total, said, b) : sum(whole, said, b),
    said.figures.slice(1).map((other) => h("p", { class: "sum" }, h("strong", { title: other.net }, `${f.exactly(other.net)} ${other.currency}`), " in another currency, which is never added.")),
    beside("Open stops, so far", said.open_stops.filter((stop) => stop.ended_at === null), openStop),
    beside("Booked, but now counted with another stop", said.open_stops.filter((stop) => stop.ended_at !== null), openStop),
    beside("Stops partly in this window", said.edges, overEdge),
    total && (said.edges.length || said.open_stops.length) ? h("h3", {}, "In the ledger") : null,
    said.parts.length > 1 ? parts(said.parts, asked) : null,
    total ? entriesOf(said, ofBase(asked) ? PRODUCTION : COLUMNS) : null,
    h("div", { class: "more" },
      figure.failed ? h("span", { class: "bad" }, figure.failed) : null,
      said.next && !figure.failed ? h("button", { type: "button", class: "next" }, "More entries") : null,
      total ? h("a", { href: `/v1/entries?${asked}&format=csv` }, "All entries as CSV") : null),
    said.next ? h("p", { class: "printed" }, `The newest ${f.count(said.entries.length)} of ${f.count(total.lines)} entries are printed. “All entries as CSV” has the others.`) : null,
  ];
}

/** The figure as a sum: entries, shares of stops, and open stops. */
function sum(whole, said, b) {
  const total = said.totals[0];
  const named = [
    total && [total.net, `from ${many(total.entries, "entry", "entries")}`],
    said.edges.length && [whole.edges, `from ${many(said.edges_total, "stop", "stops")} partly in this window`],
    said.open_stops.length && [whole.open_stops, `from ${many(said.open_stops_total, "open stop", "open stops")}, to be booked at the end`],
  ].filter(Boolean);
  const alone = named.length === 1 ? ` ${named[0][1]}` : ": " + named.map(([net, of]) => `${f.exactly(net)} ${of}`).join("; ");
  const taken = total && total.lines > total.entries ? `; ${f.count(total.lines - total.entries)} more entries are corrections that cancel out` : "";
  const apart = named.reduce((sum, [net]) => sum + f.minorUnits(net), 0) !== f.minorUnits(whole.net) ? " (each part is rounded)" : "";
  return h("p", { class: "sum" }, h("strong", { title: whole.net }, `${f.exactly(whole.net)} ${whole.currency}`),
    `${alone}${taken}${apart}. An estimate at standard rates, as of ${moment(said.window?.to ?? said.at, b)}.`);
}

/** Whether the question is about the base: entries of production have a base and no cost. */
const ofBase = (asked) => asked.get("element") === "production";

function sumOfBase(total, said, b) {
  return h("p", { class: "sum" }, h("strong", { title: total.base }, `${f.exactly(total.base)} ${total.currency}`),
    ` for ${many(total.quantity, "unit", "units")} in ${many(total.entries, "entry", "entries")}, at standard rates, as of ${moment(said.window?.to ?? said.at, b)}.`);
}

/** An instant in the plant's time; with the day, where that differs from the board's. */
function moment(instant, b) {
  const day = f.dayIn(instant, b.zone);
  return `${day === f.day(b.as_of) ? "" : `${f.dayInWords(day)}, `}${f.clockIn(instant, b.zone)}`;
}

const many = (count, one, more) => `${f.count(count)} ${count === 1 ? one : more}`;

/** Parts of the figure that are not whole entries of the ledger. */
function beside(title, rows, cells) {
  if (!rows.length) return null;
  return h("section", { class: "beside-entries", "data-key": title },
    h("h3", {}, `${title} (${rows.length})`),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title },
      h("table", { class: "entries" },
        h("thead", {}, h("tr", {}, ["From", "Line", "What", "Formula"].map((name) => h("th", { scope: "col" }, name)), h("th", { scope: "col", class: "n" }, "Net"))),
        h("tbody", {}, rows.map((row) => h("tr", { "data-key": `${row.event_id}/${row.entry_no ?? ""}` }, cells(row)))))));
}

const openStop = (stop) => besideCells(stop, stop.started_at, stop.net);
const overEdge = (edge) => besideCells(edge, edge.occurred_at, edge.adds);

const besideCells = (row, from, net) => [
  h("td", { class: "n", "data-name": "Time" }, `${f.day(from)} ${f.seconds(from)}`),
  h("td", { "data-name": "Line" }, row.line),
  h("td", { "data-name": "What" }, h("a", { href: address({ event: row.event_id }) }, what(row))),
  h("td", { class: "formula", "data-name": "Formula" }, row.formula),
  h("td", { class: "n strong", "data-name": "Net", title: net }, f.exactly(net)),
];

const LENGTHS = { "1h": "60 minutes", "24h": "24 hours", "30d": "30 days" };

/** What the entries are the sum of. */
function called(asked) {
  if (ofBase(asked)) return "Cost of production";
  const category = asked.get("category");
  if (category === "coq") return "CoQ";
  return !category || category === "copq" ? "COPQ" : f.sentence(f.element(category));
}

function words(asked, b) {
  const when = asked.get("bucket")
    ? asked.get("grain") === "hour" ? `${f.day(asked.get("bucket"))} ${f.clock(asked.get("bucket"))}` : asked.get("grain") === "month" ? f.monthInWords(asked.get("bucket")) : f.dayInWords(asked.get("bucket"))
    : asked.get("trailing") ? `${LENGTHS[asked.get("trailing")]} up to ${moment(asked.get("at") ?? b.as_of, b)}`
    : asked.get("from")?.includes("T") ? f.between(asked.get("from"), asked.get("to")) : asked.get("to") ? `${asked.get("from") ?? ""} to ${f.shift(asked.get("to"), -1)}` : `since ${asked.get("from") ?? ""}`;
  const named = (name, title) => (asked.has(name) ? asked.get(name) || `without a ${title}` : null);
  const element = ofBase(asked) ? null : asked.get("element");
  return [when, asked.get("plant"), asked.get("line") && `line ${asked.get("line")}`, named("product", "product"), element && f.element(element),
    named("stage", "stage"), named("defect_code", "code"), named("work_unit", "machine"), named("shift", "shift"), named("supplier", "supplier")].filter(Boolean).join(", ");
}

function parts(all, asked) {
  return h("table", { class: "parts" }, h("caption", { class: "unseen" }, "By element"),
    h("tbody", {}, all.map((part) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: behind({ ...Object.fromEntries(asked), element: part.element }) }, f.element(part.element))),
      h("td", { class: "n strong", title: part.net }, f.exactly(part.net)),
      h("td", { class: "n quiet" }, many(part.entries, "entry", "entries")),
      h("td", { class: "n quiet" }, Number(part.hours) ? `${f.count(part.hours)} h` : Number(part.quantity) ? `${f.count(part.quantity)} pcs` : "")))));
}

const COLUMNS = [
  { key: "time", title: "Time", value: (entry) => Date.parse(entry.occurred_at),
    cell: (entry) => h("td", { class: "n", "data-name": "Time" }, `${f.day(entry.occurred_at)} ${f.seconds(entry.occurred_at)}`) },
  { key: "line", title: "Line", value: (entry) => entry.line, cell: (entry) => h("td", { "data-name": "Line" }, entry.line) },
  { key: "what", title: "What", value: what,
    cell: (entry) => h("td", { "data-name": "What" }, h("a", { href: address({ event: entry.event_id }) }, what(entry))) },
  { key: "formula", title: "Formula", cell: (entry) => h("td", { class: "formula", "data-name": "Formula" }, entry.formula, doubt(entry)) },
  { key: "net", title: "Net", kind: "n", value: (entry) => Number(entry.net),
    cell: (entry) => h("td", { class: "n strong", "data-name": "Net", title: entry.net }, f.exactly(entry.net)) },
];

/** Of production: the base in place of the net, which is zero. */
const PRODUCTION = [...COLUMNS.slice(0, -1),
  { key: "base", title: "Base", kind: "n", value: (entry) => Number(entry.base),
    cell: (entry) => h("td", { class: "n strong", "data-name": "Base", title: entry.base }, f.exactly(entry.base)) }];

function what(entry) {
  return [f.element(entry.element), entry.stage, entry.work_unit, entry.defect_code].filter(Boolean).join(" · ");
}

function entriesOf(said, columns) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Entries" },
    said.next ? h("p", { class: "quiet small" }, `The newest ${f.count(said.entries.length)} entries. The columns sort these.`) : null,
    table("entries", columns, said.entries, {
      given: "-time", id: "entries-body", attributes: { class: "entries" },
      key: (entry) => `${entry.event_id}/${entry.entry_no}`,
      of: (entry) => (entry.reverses === null ? null : "reversal") }));
}

function doubt(entry) {
  if (entry.agrees === true) return null;
  return h("span", { class: entry.agrees === false ? "bad" : "quiet" }, ` ${entry.agrees === false ? "▲ " : ""}${entry.note}`);
}

async function more(button) {
  const open = figure;
  button.disabled = true;
  const said = await read(`${open.asked}&cursor=${open.said.next}`);
  open.failed = said.failed;
  if (!said.failed) open.said = { ...open.said, entries: [...open.said.entries, ...said.entries], next: said.next };
  button.disabled = false;
  if (open === figure) dispatchEvent(new Event("copq:view"));
}

async function ofEvent(id, b) {
  const said = await read(new URLSearchParams({ event_id: id }));
  const back = view().entries ? address({ event: null }) : null;
  if (said.failed) return [head("Event", back), h("p", { class: "bad" }, said.failed)];
  const running = said.open_stops.map(accrued);
  if (!said.entries.length) return said.open_stops.length ? ofOpenStop(said.open_stops[0], f.clockIn(said.at, b.zone), back) : [head("Event", back), h("p", {}, `No entry and no open stop has the event id ${id}. To see what happened to the event, run: copq explain ${id}`)];
  const first = said.entries[0];
  return [
    head(`${f.element(first.element)}, ${first.line ? `line ${first.line}` : first.plant}`, back),
    happened(first, first.occurred_at),
    h("h3", {}, said.entries.length === 1 ? "Entry in the ledger" : `${said.entries.length} entries in the ledger`),
    running,
    said.entries.map(booked),
    said.next ? h("p", { class: "quiet" }, "Older entries are left out. The CSV has all of them.") : null,
    first.event ? asItCame(first)
      : h("p", { class: "quiet" }, first.element.startsWith("standing_")
        ? "No event caused this entry: it is the share of this day in a standing cost."
        : "No single event caused this entry: it is booked once per line, product and day."),
  ];
}

function happened(of, at) {
  return facts([["Event", of.event_id], ["Happened", `${f.day(at)} ${at.slice(11)}`],
    ["Received", of.received_at && `${f.day(of.received_at)} ${f.seconds(of.received_at)}`],
    ["Product", of.product], ["Stage", of.stage], ["Machine", of.work_unit], ["Code", of.defect_code]]);
}

/** The event as text: parsed and printed again, 1.10 would become 1.1. */
function asItCame(of) {
  return [h("h3", {}, "The event as it arrived"), h("pre", { tabindex: 0, class: "bytes" }, of.event_text ?? JSON.stringify(of.event, null, 2))];
}

/** An open stop: nothing is booked yet, but its cost so far is known. */
function ofOpenStop(stop, asOf, back) {
  return [
    head(`Open ${stop.planned ? "planned stop" : "stop"}, line ${stop.line}`, back),
    happened(stop, stop.started_at),
    h("h3", {}, `Cost so far, as of ${asOf}`),
    accrued(stop),
    stop.event ? asItCame(stop) : null,
  ];
}

function accrued(stop) {
  return h("article", { class: "booked" },
    h("p", { class: "formula" }, stop.formula),
    h("p", { class: "quiet small" }, stop.ended_at === null ? "Not in the ledger yet: it is booked when the stop ends." : "It counts for less now: the rest is reversed when the other stop ends."),
    h("ul", { class: "terms" }, stop.terms.map((term) => h("li", {}, term))),
    facts([["So far", `${stop.net} ${stop.currency}`], ["Per hour", `${stop.per_hour} ${stop.currency}`], ["Hours", stop.hours],
      ["Category", f.element(stop.category)], ["Rate version", stop.rate_version]]));
}

function booked(entry) {
  return h("article", { class: "booked" },
    h("p", { class: "formula" }, entry.formula),
    h("p", { class: entry.agrees ? "good small" : "bad small" }, entry.agrees ? "✓ Recomputed: the same as booked" : `▲ ${entry.note}`),
    h("ul", { class: "terms" }, entry.terms.map((term) => h("li", {}, term))),
    facts([["Net", `${entry.net} ${entry.currency}`], ["Base", Number(entry.base) ? entry.base : null], ["Gross", entry.gross], ["Recovered", Number(entry.recovered) ? entry.recovered : null],
      ["Allowed", Number(entry.allowed) ? entry.allowed : null], ["Hours", Number(entry.hours) ? entry.hours : null],
      ["Category", f.element(entry.category)], ["Rate version", entry.rate_version],
      ["Booked", `${f.day(entry.booked_at)} ${f.seconds(entry.booked_at)}`], ["By", entry.booked_by], ["Why", entry.reason]]));
}

function facts(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [h("dt", {}, name), h("dd", { class: "n" }, value)]));
}
