// Every figure that the board links to its entries: its text, the exact figure, and what it asks.
// The board's own scripts draw into elements of their own kind; no browser is needed.

import { readFileSync } from "node:fs";

class Drawn {
  constructor(tag) { this.tag = tag; this.attributes = {}; this.children = []; this.dataset = {}; }
  setAttribute(name, value) { this.attributes[name] = value; }
  append(...children) { this.children.push(...children); }
  get text() { return this.children.map((child) => child.text ?? String(child)).join(""); }
  *links() {
    if (this.tag === "a") yield this;
    for (const child of this.children) if (child instanceof Drawn) yield* child.links();
  }
}

const [, , folder] = process.argv;
const { board, search } = JSON.parse(readFileSync(0, "utf8"));
const create = (tag) => new Drawn(tag);
globalThis.document = { createElement: create, createElementNS: (_, tag) => create(tag) };
globalThis.location = { search };

const from = (name) => import(`${folder}/${name}.js`);
const [tiles, panels, { kpis }, { lines }, { pareto }, { useDigits }] = await Promise.all(
  ["tiles", "panels", "kpis", "lines", "pareto", "figures"].map(from));
useDigits(board.digits);
const drawn = { hour: tiles.hour, today: tiles.today, month: tiles.month, kpis, hours: panels.hours, lines };
const found = Object.entries(drawn).map(([name, draw]) => [name, draw(board)]);
for (const kind of Object.keys(board.paretos)) {
  globalThis.location = { search: `?pareto=${kind}` };
  found.push([`pareto by ${kind}`, pareto(board)]);
}
console.log(JSON.stringify(found.flatMap(([name, panel]) => [...panel.links()].flatMap((link) => {
  const entries = new URLSearchParams(link.attributes.href).get("entries");
  if (entries === null) return [];
  return [{ panel: name, text: link.text, title: link.attributes.title ?? "", asked: entries }];
}))));
