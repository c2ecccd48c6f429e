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
import { clockIn, exactly, lasting } from "./figures.js";

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

/** Where nobody has chosen: stages tell most, unless hardly anything has one. */
function best() {
  const named = (kind) => board.paretos[kind].filter((bar) => bar.name !== null).reduce((sum, bar) => sum + Number(bar.share), 0);
  return named("stage") >= 0.5 ? "stage" : named("defect_code") >= 0.5 ? "defect_code" : "element";
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
  show(at("figures"), panels.alerts(board), nothing, nothing ? null : figures());
  charts.hours(board);
  if (!nothing) charts.pareto(board, pareto());
  tick();
  detail.follow(board);
}

const figures = () => [
  panels.tiles(board),
  panels.stops(board),
  h("div", { class: "grid", "data-key": "grid" }, panels.hours(board), panels.pareto(board, pareto()), panels.lines(board), panels.latest(board)),
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
followLinks();
follow(path, {
  news(said) {
    board = said;
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
