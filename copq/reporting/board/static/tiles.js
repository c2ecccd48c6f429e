// The three figures at the top: the last hour, the day and the month.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { FAILURE, inHour, ofBase, ofBefore, ofDay, ofMonth, opens } from "./filters.js";
import { whyDay, whyMonth } from "./why.js";

/** A bar of the value, with a mark for the target and a grey bar for the comparison. None without either. */
function bullet(figure) {
  const before = figure.before.known ? Math.max(Number(figure.before.copq), 0) : 0;
  const target = figure.target === null ? 0 : Number(figure.target);
  const now = Math.max(Number(figure.copq), 0);
  const reference = Math.max(target || before, 0);
  if (!figure.known || reference === 0) return null;
  const most = Math.max(reference * 1.5, now * 1.04, before * 1.04);
  const at = (value) => `${(value / most) * 100}%`;
  return h("svg", { class: "bullet", "aria-hidden": "true", width: "100%", height: "14" },
    h("rect", { class: "track", width: "100%", y: 2, height: 10 }),
    h("rect", { class: "before", width: at(before), y: 2, height: 10 }),
    h("rect", { class: figure.over ? "actual over" : "actual", width: at(now), y: 5, height: 4 }),
    target ? h("line", { class: "target", x1: at(target), x2: at(target), y1: 0, y2: 14 }) : null);
}

function verdict(figure) {
  if (figure.target_share === null) return h("span", { class: "quiet" }, "no target set");
  const target = `target ${f.percent(figure.target_share)}`;
  if (figure.share === null) return h("span", { class: "quiet" }, target);
  return figure.over
    ? h("span", { class: "bad" }, `▲ over ${target}`)
    : h("span", { class: "good" }, `✓ within ${target}`);
}

/** How long no event has arrived, where the last one is older than `since`; else null. */
export function silence(b, since) {
  if (!b.live || (b.newest && Date.parse(b.newest) > Date.parse(since))) return null;
  if (!b.newest) return b.latest_day ? `no event since ${f.dayInWords(b.latest_day)}` : "no event yet";
  return `no event since ${f.dayInWords(f.day(b.newest))}, ${f.clock(b.newest)} (${f.ago(b.newest, Date.parse(b.as_of))})`;
}

/** Money in a tile: on a wall in short, where that is shorter. */
function amount(text) {
  if (Math.abs(text) < 10000) return f.money(text);
  return [h("span", { class: "whole" }, f.money(text)), h("span", { class: "short" }, f.short(text))];
}

function base(b, figure, filters, silent) {
  if (figure.share === null) {
    const why = silent ? h("span", { class: "warned" }, `! ${silent}`)
      : h("span", { class: "quiet" }, figure.known ? "no production, so no percentage" : "no figures");
    return [h("span", { class: "share", "aria-hidden": "true" }, "– % "), why];
  }
  const production = h("a", { ...opens(b, ofBase(filters), figure.base), "aria-label": `${f.money(figure.base)} ${b.currency}: open the production` }, f.money(figure.base));
  return [h("span", { class: "share" }, f.percent(figure.share)),
    h("span", { class: "quiet" }, " of ", production, ` ${b.currency} production`)];
}

function comparison(b, figure, before) {
  if (!figure.before.known) return `${before.name}: no figures`;
  const change = figure.known ? f.change(figure.copq, figure.before.copq) : null;
  return [h("a", opens(b, before.filters, figure.before.copq), `${before.name} ${f.money(figure.before.copq)}`), change ? h("span", { class: "same" }, ` · ${change}`) : ""];
}

/** The month's budget: how much of it is used, and the mark is how much of the month is over. */
function budget(b, { budget }) {
  if (!budget) return null;
  const used = Number(budget.used ?? 0);
  const most = Math.max(1, used * 1.04);
  const of = `${f.money(budget.amount)} ${b.currency}`;
  const ahead = used > Number(budget.gone);
  const said = budget.over ? `▲ over the budget of ${of}: ${f.percent(budget.used)} used`
    : `${ahead ? "! " : ""}${f.percent(budget.used)} of the budget of ${of} used, ${f.dayOfMonth(b.day)}`;
  const level = budget.over ? "bad" : ahead ? "warned" : "quiet";
  return h("div", { class: "budget", "data-key": "budget" },
    h("svg", { class: "bullet", "aria-hidden": "true", width: "100%", height: "8" },
      h("rect", { class: "track", width: `${100 / most}%`, y: 1, height: 6 }),
      h("rect", { class: budget.over ? "actual over" : "actual", width: `${(Math.max(used, 0) / most) * 100}%`, y: 2.5, height: 3 }),
      h("line", { class: "target", x1: `${(budget.gone / most) * 100}%`, x2: `${(budget.gone / most) * 100}%`, y1: 0, y2: 8 })),
    h("p", { class: `${level} small` }, said));
}

/** A figure, its base and what it is compared with; each opens its entries. `why` explains it. */
function tile(name, title, b, figure, filters, before, silent = null, why = null) {
  return h("section", { class: `panel tile ${name}`, "data-key": name, "aria-labelledby": `${name}-title` },
    h("h2", { id: `${name}-title` }, title),
    h("p", { class: "figure" }, figure.known
      ? h("a", opens(b, filters, figure.copq), amount(figure.copq), h("span", { class: "unit" }, ` ${b.currency}`))
      : ["–", h("span", { class: "unit" }, ` ${b.currency}`)]),
    h("p", { class: "of" }, base(b, figure, filters, silent)),
    bullet(figure),
    h("p", { class: "beside" }, verdict(figure), h("span", { class: "quiet" }, comparison(b, figure, before), figure.known && why ? [" · ", h("a", { href: why, "aria-label": `Why: ${title}` }, "why?")] : null)),
    budget(b, figure),
    Number(figure.provisional) > 0
      ? h("p", { class: "quiet small" }, `Includes ${f.money(figure.provisional)} from open stops`) : null);
}

/** The last 60 minutes; on a past day, the hour with the highest cost. */
export function hour(b) {
  if (!b.hour) return worst(b);
  const until = (at) => ({ ...FAILURE, line: b.line, trailing: "1h", at });
  return tile("hour", "Last 60 minutes", b, b.hour, until(b.as_of),
    { name: "same hour yesterday", filters: until(b.hour.before_span[1]) },
    silence(b, new Date(Date.parse(b.as_of) - 3600000).toISOString()));
}

export function today(b) {
  return b.live
    ? tile("today", "Today so far", b, b.today, ofDay(b), { name: "yesterday by now", filters: ofBefore(b, b.today) }, silence(b, b.day_start), whyDay(b))
    : tile("today", f.dayInWords(b.day), b, b.today, ofDay(b), { name: "the day before", filters: { ...ofDay(b), bucket: f.shift(b.day, -1) } }, null, whyDay(b));
}

export function month(b) {
  const until = b.live ? "so far" : `to ${Number(b.day.slice(8))} ${f.monthInWords(b.day).split(" ")[0]}`;
  return tile("month", `${f.monthInWords(b.day)}, ${until}`, b, b.month, ofMonth(b), { name: "same days last month", filters: ofBefore(b, b.month) }, null, whyMonth(b));
}

function worst(b) {
  const hour = b.hours.reduce((a, c) => (Number(c.copq) > Number(a.copq) ? c : a));
  const title = Number(hour.copq) > 0 ? `Most expensive hour: ${f.clock(hour.hour)}` : "Most expensive hour";
  return tile("hour", title, b, { ...hour, known: Number(hour.copq) > 0, provisional: "0" }, inHour(b, hour.hour),
    { name: "same hour the day before", filters: inHour(b, hour.before_hour) });
}
