// What a figure is made of: its parts, its entries, and one event with its bytes.

import { h, show } from "./dom.js";
import * as f from "./figures.js";
import { address, behind, go, view } from "./address.js";
import { detail as reason } from "./live.js";
import { table } from "./sorting.js";

const place = () => document.getElementById("detail");
let shown = "";
/** The figure that is open: what was asked, and what has been read of it so far. */
let figure = null;

/** Open, change or close what the address says. */
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
  show(place(), head(event ? "Event" : "What it is made of"), h("p", { class: "waiting" }, "Reading the ledger …"));
  if (!place().open) place().showModal();
  const content = await (event ? ofEvent(event) : readFigure(entries, b));
  if (wanted !== shown) return;
  figure = content.asked ? content : null;
  show(place(), figure ? ofFigure(b) : content);
}

export function listen() {
  place().addEventListener("cancel", (event) => { event.preventDefault(); close(); });
  place().addEventListener("click", (event) => event.target === place() && close());
  place().addEventListener("click", (event) => event.target.closest("button.next") && more(event.target));
}

const close = () => go(address({ entries: null, event: null }));

function head(title, back = null) {
  return h("header", {}, h("h2", { id: "detail-title" }, title),
    back ? h("a", { href: back }, "‹ all entries") : null,
    h("a", { href: address({ entries: null, event: null }), class: "close", "aria-label": "Close" }, "✕"));
}

async function read(query) {
  const said = await fetch(`/v1/entries?${query}`, { cache: "no-store" }).catch(() => null);
  if (said?.ok) return said.json();
  return { failed: (said && (await reason(said))) ?? "The service does not answer; close this and open it again." };
}

async function readFigure(filters, b) {
  const asked = new URLSearchParams(filters);
  asked.set("plant", b.plant);
  const said = await read(asked);
  if (said.failed) return [head("What it is made of"), h("p", { class: "bad" }, said.failed)];
  return { asked, said };
}

function ofFigure(b) {
  const { asked, said } = figure;
  const title = `COPQ: ${words(asked, b)}`;
  const total = said.totals[0];
  return [
    head(title),
    total ? h("p", { class: "sum" }, h("strong", { title: total.net }, `${f.exactly(total.net)} ${total.currency}`),
      ` in ${f.count(total.entries)} ${total.entries === 1 ? "entry" : "entries"} that stand`,
      total.lines > total.entries ? `, ${total.lines - total.entries} lines taken back or taking back` : "",
      "; an estimate at standard rates.") : h("p", {}, "No entry of the ledger: nothing is booked here."),
    openStops(b, asked),
    said.parts.length > 1 ? parts(said.parts, asked) : null,
    total ? entriesOf(said) : null,
    h("div", { class: "more" },
      figure.failed ? h("span", { class: "bad" }, figure.failed) : null,
      said.next && !figure.failed ? h("button", { type: "button", class: "next" }, "More entries") : null,
      total ? h("a", { href: `/v1/entries?${asked}&format=csv` }, "All of them as CSV") : null),
  ];
}

function openStops(b, asked) {
  const line = asked.get("line");
  const open = b.open_stops.filter((stop) => !line || stop.line === line);
  if (!open.length || (asked.get("element") && asked.get("element") !== "downtime")) return null;
  return h("p", { class: "quiet" }, `${open.length === 1 ? "A stop that is open costs" : `${open.length} stops that are open cost`} more meanwhile: on the board already, in the ledger once over.`);
}

function words(asked, b) {
  const when = asked.get("bucket")
    ? asked.get("grain") === "hour" ? `${f.day(asked.get("bucket"))} ${f.clock(asked.get("bucket"))}` : f.dayInWords(asked.get("bucket"))
    : asked.get("from")?.includes("T") ? f.between(asked.get("from"), asked.get("to")) : `${asked.get("from") ?? ""} to ${asked.get("to") ? f.shift(asked.get("to"), -1) : ""}`;
  const named = (name, title) => (asked.has(name) ? asked.get(name) || `no ${title}` : null);
  const element = asked.get("element");
  return [when, b.plant, asked.get("line") && `line ${asked.get("line")}`, element && f.element(element),
    named("stage", "stage"), named("defect_code", "code")].filter(Boolean).join(", ");
}

function parts(all, asked) {
  return h("table", { class: "parts" }, h("caption", { class: "unseen" }, "By element"),
    h("tbody", {}, all.map((part) => h("tr", {},
      h("th", { scope: "row" }, h("a", { href: behind({ ...narrowed(asked), element: part.element }) }, f.element(part.element))),
      h("td", { class: "n strong", title: part.net }, f.exactly(part.net)),
      h("td", { class: "n quiet" }, `${f.count(part.entries)} entries`),
      h("td", { class: "n quiet" }, Number(part.hours) ? `${f.count(part.hours)} h` : Number(part.quantity) ? `${f.count(part.quantity)} pcs` : "")))));
}

function narrowed(asked) {
  const filters = Object.fromEntries(asked);
  delete filters.plant;
  return filters;
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

function what(entry) {
  return [f.element(entry.element), entry.stage, entry.work_unit, entry.defect_code].filter(Boolean).join(" · ");
}

function entriesOf(said) {
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Entries" },
    said.next ? h("p", { class: "quiet small" }, `The newest ${f.count(said.entries.length)}; columns sort these.`) : null,
    table("entries", COLUMNS, said.entries, {
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

async function ofEvent(id) {
  const said = await read(new URLSearchParams({ event_id: id }));
  const back = view().entries ? address({ event: null }) : null;
  if (said.failed) return [head("Event", back), h("p", { class: "bad" }, said.failed)];
  if (!said.entries.length) return [head("Event", back), h("p", {}, `Nothing is booked of ${id}: a stop that is still open is booked once it ends.`)];
  const first = said.entries[0];
  return [
    head(`${f.element(first.element)}, line ${first.line}`, back),
    facts([["Event", id], ["Happened", `${f.day(first.occurred_at)} ${f.seconds(first.occurred_at)} ${first.occurred_at.slice(19)}`],
      ["Received", first.received_at && `${f.day(first.received_at)} ${f.seconds(first.received_at)}`],
      ["Product", first.product], ["Stage", first.stage], ["Machine", first.work_unit], ["Code", first.defect_code]]),
    h("h3", {}, said.entries.length === 1 ? "Its entry in the ledger" : `Its ${said.entries.length} entries in the ledger`),
    said.entries.map(booked),
    said.next ? h("p", { class: "quiet" }, "Older ones are left out; the CSV has all.") : null,
    first.event ? [h("h3", {}, "The event as it came"), h("pre", { tabindex: 0 }, JSON.stringify(first.event, null, 2))]
      : h("p", { class: "quiet" }, "No one event caused it: it is booked once a line, product and day."),
  ];
}

function booked(entry) {
  return h("article", { class: "booked" },
    h("p", { class: "formula" }, entry.formula),
    h("p", { class: entry.agrees ? "good small" : "bad small" }, entry.agrees ? "✓ computed anew, it comes out as booked" : `▲ ${entry.note}`),
    h("ul", { class: "terms" }, entry.terms.map((term) => h("li", {}, term))),
    facts([["Net", `${entry.net} ${entry.currency}`], ["Gross", entry.gross], ["Recovered", Number(entry.recovered) ? entry.recovered : null],
      ["Allowed", Number(entry.allowed) ? entry.allowed : null], ["Hours", Number(entry.hours) ? entry.hours : null],
      ["Category", f.element(entry.category)], ["Rate version", entry.rate_version],
      ["Booked", `${f.day(entry.booked_at)} ${f.seconds(entry.booked_at)}`], ["By", entry.booked_by], ["Why", entry.reason]]));
}

function facts(pairs) {
  return h("dl", {}, pairs.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => [h("dt", {}, name), h("dd", { class: "n" }, value)]));
}
