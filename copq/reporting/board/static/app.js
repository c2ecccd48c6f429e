// The board: asks for its figures, shows them, and counts open stops up every second.

import { show, h } from "./dom.js";
import { address, followLinks, replace, view } from "./address.js";
import { follow } from "./live.js";
import * as panels from "./panels.js";
import * as tiles from "./tiles.js";
import { kpis } from "./kpis.js";
import { lines } from "./lines.js";
import { pareto } from "./pareto.js";
import * as charts from "./charts.js";
import * as detail from "./detail.js";
import * as empty from "./empty.js";
import { explain } from "./why.js";
import * as sorting from "./sorting.js";
import { header, linkPlaces, listen } from "./header.js";
import { clockIn, exactly, lasting, useDigits } from "./figures.js";

const at = (id) => document.getElementById(id);
let board = null;
let skew = 0;
/** Since when the service has not answered, by its own clock; open stops do not count up after it. */
let still = null;

function path() {
  const { plant, line, group, grouping, day, span } = view();
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries({ plant, line, group, grouping, day, span })) if (value) asked.set(name, value);
  return `/v1/board?${asked}`;
}

function render() {
  if (board.empty) {
    show(at("top"), h("h1", {}, h("span", { class: "brand" }, "COPQ")));
    show(at("basis"));
    show(at("figures"), empty.withoutRates());
    return;
  }
  document.title = `${board.line ? `Line ${board.line}, ` : ""}${board.group ? `${board.group}, ` : ""}${board.plant}: COPQ`;
  show(at("top"), header(board));
  linkPlaces(board);
  show(at("basis"), panels.footer(board));
  const nothing = empty.withoutFigures(board);
  show(at("figures"), nothing ? [panels.alerts(board), nothing] : figures());
  charts.hours(board);
  tick();
  detail.follow(board);
  requestAnimationFrame(() => setTimeout(() => explain(board)));
}

/** In the order in which a phone shows them: now, so far, and where it comes from. */
const figures = () => [
  h("div", { class: "now", "data-key": "now" }, tiles.hour(board), panels.stops(board), panels.alerts(board)),
  h("div", { class: "sofar", "data-key": "sofar" }, tiles.today(board), tiles.month(board)),
  h("div", { class: "made", "data-key": "made" }, kpis(board), panels.hours(board), pareto(board), lines(board)),
  panels.latest(board),
];

/** Open stops count up between two answers. */
function tick() {
  const now = still ?? Date.now() + skew;
  for (const place of document.querySelectorAll("[data-since]")) place.textContent = lasting(now - Date.parse(place.dataset.since));
  for (const place of document.querySelectorAll("[data-cost]")) {
    const minutes = Math.max(0, now - Date.parse(place.dataset.at)) / 60000;
    place.textContent = exactly(Number(place.dataset.cost) + minutes * Number(place.dataset.rate));
  }
}

const sentence = (text) => (text ? `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}` : "");

function lost(since, why) {
  still = since.getTime() + skew;
  const time = clockIn(still, board?.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  at("connection").className = "lost";
  show(at("connection"), h("p", {}, h("strong", {}, "▲ Not live"), ` since ${time}: ${why}. `, board ? "The figures below are from that time. " : "", "The page keeps trying."));
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
    // Without a plant the service answers with the one that has the newest figures: stay with it.
    if (said.plant && !view().plant) replace(address({ plant: said.plant }));
    render();
  },
  refused(why) {
    show(at("figures"), h("div", { class: "empty", "data-key": "refused" }, h("h1", {}, "This view does not exist"), h("p", {}, sentence(why ?? "")), h("p", {}, h("a", { href: "?" }, "Open the board"))));
  },
  lost,
  back,
});
addEventListener("copq:view", () => board && !board.empty && render());
const redraw = () => board && !board.empty && charts.hours(board);
for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", redraw);
setInterval(tick, 1000);
