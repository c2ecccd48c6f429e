// The key figures of the day: OEE and its factors, yields, the time to repair, and what a unit costs.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { ofBase, ofDay, opens } from "./filters.js";
import { panel } from "./panels.js";

const hours = (seconds) => `${f.count(seconds / 3600)} h`;

/** The name of each, how it looks, and what it is made of. */
const FIGURES = {
  oee: ["OEE", f.percent, () => "availability × effectiveness × quality"],
  availability: ["Availability", f.percent, (k) => `${hours(k.running_seconds)} running of ${hours(k.planned_seconds)} planned`],
  effectiveness: ["Effectiveness", f.percent, (k) => `${f.count(k.produced)} units in ${hours(k.running_seconds)} running, against the ideal rate`],
  quality: ["Quality", f.percent, (k) => `${f.count(k.good)} good of ${f.count(k.produced)} units`],
  first_pass_yield: ["First pass yield", f.percent, (k) => `${f.count(k.good)} good less ${f.count(k.reworked)} reworked, of ${f.count(k.produced)} units`],
  scrap_ratio: ["Scrap ratio", f.percent, (k) => `${f.count(k.scrapped)} scrapped of ${f.count(k.produced)} units`],
  mean_time_to_repair: ["MTTR", f.duration, (k) => `mean of ${f.count(k.repaired_stops)} unplanned ${k.repaired_stops === 1 ? "stop" : "stops"} that ended on this day`],
};

/** What a good unit costs: the money that is divided, and the question that opens it. */
const UNIT_COSTS = {
  copq_per_good: ["COPQ a good unit", (b) => b.today.copq, ofDay],
  cost_per_good: ["Cost a good unit", (b) => b.today.base, (b) => ofBase(ofDay(b))],
};

const title = (name) => (FIGURES[name] ?? UNIT_COSTS[name] ?? [name.replaceAll("_", " ")])[0];

export function kpis(b) {
  const k = b.kpis;
  const heading = `Key figures, ${b.live ? "today so far" : f.dayInWords(b.day)}`;
  if (!k) return panel("kpis", heading, h("p", { class: "quiet" }, "No line has units or stops on this day."));
  return panel("kpis", heading,
    h("dl", {}, Object.entries(FIGURES).map(([name, [, look, of]]) => cell(name, k[name] === null ? null : h("span", { title: of(k) }, look(k[name])))),
      Object.entries(UNIT_COSTS).map(([name, [, money, question]]) => cell(name, k[name] === null ? null : unitCost(b, k[name], money(b), question(b))))),
    unknown(k));
}

const cell = (name, value) => h("div", { "data-key": name }, h("dt", {}, title(name)), h("dd", { class: "n" }, value ?? "–"));

const unitCost = (b, cost, money, question) => [
  h("a", { ...opens(b, question, money), title: `${money} ${b.currency} for ${f.count(b.today.good)} good units: open the entries` }, f.unitCost(cost)), h("span", { class: "unit" }, ` ${b.currency}`)];

/** Why figures are unknown, each reason once; the shortest first, since a wall has one line for all of them. */
function unknown(k) {
  const names = {};
  for (const name of Object.keys({ ...FIGURES, ...UNIT_COSTS })) {
    if (k.reasons[name]) (names[k.reasons[name]] ??= []).push(title(name));
  }
  const reasons = Object.entries(names).map(([reason, all]) => ({ reason, text: `No ${all.join(", ")}: ${reason}.` }))
    .toSorted((a, b) => a.text.length - b.text.length);
  if (reasons.length === 0) return null;
  return h("div", { class: "reasons", "data-key": "reasons", title: reasons.map(({ text }) => text).join("\n") },
    reasons.map(({ reason, text }) => h("p", { class: "quiet small", "data-key": reason }, text)));
}
