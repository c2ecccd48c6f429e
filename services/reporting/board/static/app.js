// The board: asks for its figures, shows them, and lets them tick.

import { show, h } from "./dom.js";
import { address, followLinks, view } from "./address.js";
import { follow } from "./live.js";
import * as panels from "./panels.js";
import * as charts from "./charts.js";
import * as detail from "./detail.js";
import * as empty from "./empty.js";
import * as sorting from "./sorting.js";
import { header, listen } from "./header.js";
import { clockIn, exactly, lasting, useDigits } from "./figures.js";

const at = (id) => document.getElementById(id);
let board = null;
let skew = 0;
/** Since when no answer comes, by the service's clock: nothing ticks after it. */
let still = null;

function path() {
  const { plant, line, day, span } = view();
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries({ plant, line, day, span })) if (value) asked.set(name, value);
  return `/v1/board?${asked}`;
}

function pareto() {
  const kind = view().pareto;
  return kind && kind in board.paretos ? kind : best();
}

/** Where nobody has chosen: stages tell most, unless hardly anything has one, or all has the same. */
function best() {
  const bars = (kind) => board.paretos[kind];
  const said = (kind) => bars(kind).filter((bar) => bar.name !== null || bar.others).reduce((sum, bar) => sum + Number(bar.share), 0);
  const told = ["stage", "defect_code", "element"].filter((kind) => said(kind) >= 0.5);
  return told.find((kind) => bars(kind).length > 1) ?? told[0] ?? "element";
}

function render() {
  if (board.empty) {
    show(at("top"), h("h1", {}, h("span", { class: "brand" }, "COPQ")));
    show(at("figures"), empty.withoutRates());
    return;
  }
  document.title = `${board.line ? `Line ${board.line}, ` : ""}${board.plant}: COPQ`;
  show(at("top"), header(board));
  show(at("basis"), panels.footer(board));
  const nothing = empty.withoutFigures(board);
  show(at("figures"), nothing ? [panels.alerts(board), nothing] : figures());
  charts.hours(board);
  if (!nothing) charts.pareto(board, pareto());
  tick();
  detail.follow(board);
}

/** What is now, then what has been so far, then what it is made of: as a phone shows them. */
const figures = () => [
  h("div", { class: "now", "data-key": "now" }, panels.hour(board), panels.stops(board), panels.alerts(board)),
  h("div", { class: "sofar", "data-key": "sofar" }, panels.today(board), panels.month(board)),
  h("div", { class: "made", "data-key": "made" }, panels.hours(board), panels.pareto(board, pareto()), panels.lines(board)),
  panels.latest(board),
];

/** Open stops go on between two answers. */
function tick() {
  const now = still ?? Date.now() + skew;
  for (const place of document.querySelectorAll("[data-since]")) place.textContent = lasting(now - Date.parse(place.dataset.since));
  for (const place of document.querySelectorAll("[data-cost]")) {
    const minutes = Math.max(0, now - Date.parse(place.dataset.at)) / 60000;
    place.textContent = exactly(Number(place.dataset.cost) + minutes * Number(place.dataset.rate));
  }
}

function lost(since, why) {
  still = since.getTime() + skew;
  const time = clockIn(still, board?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  at("connection").className = "lost";
  show(at("connection"), h("p", {}, h("strong", {}, "▲ Not live"), ` since ${time}: ${why}. `, board ? "What you see is of then. " : "", "Trying again by itself."));
  document.body.classList.add("stale");
  tick();
}

function back() {
  still = null;
  at("connection").className = "";
  show(at("connection"));
  document.body.classList.remove("stale");
}

listen(at("top"));
detail.listen();
sorting.listen();
empty.listen(at("figures"));
followLinks();
follow(path, {
  news(said) {
    board = said;
    if (board.digits !== undefined) useDigits(board.digits);
    skew = Date.parse(said.read_at) - Date.now();
    // Without a plant it is that of the newest figures, which may be another by the next answer.
    if (said.plant && !view().plant) history.replaceState(null, "", address({ plant: said.plant }));
    render();
  },
  refused(why) {
    show(at("figures"), h("div", { class: "empty", "data-key": "refused" }, h("h1", {}, "This view does not exist"), h("p", {}, why ?? ""), h("p", {}, h("a", { href: "?" }, "To the whole board"))));
  },
  lost,
  back,
});
addEventListener("copq:view", () => board && !board.empty && render());
const redraw = () => board && !board.empty && (charts.hours(board), charts.pareto(board, pareto()));
new ResizeObserver(redraw).observe(document.body);
for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", redraw);
setInterval(tick, 1000);
