// What explains the losses of the day: asked after the figures are shown, and every few minutes.

import { h, show } from "./dom.js";
import * as f from "./figures.js";

const EVERY_MS = 300_000;
const WEEKS = 4;
let asked = "";
let renewed = 0;

/** The page that explains the day of a line or of all lines, against the weeks before. */
export function whyDay(b, line = b.line) {
  return `/why?${query({ plant: b.plant, line, ...products(b), from: b.day, to: f.shift(b.day, 1), weeks: WEEKS })}`;
}

/** The page that explains the month against the month before. */
export const whyMonth = (b) => `/why?${query({ plant: b.plant, line: b.line, ...products(b), month: b.day.slice(0, 7) })}`;

const products = ({ group, grouping }) => ({ group, grouping });
const query = (values) => new URLSearchParams(Object.entries(values).filter(([, value]) => value !== null));

/** Fill the line below the Pareto. What cannot be answered stays empty: no figure depends on it. */
export async function explain(b) {
  const question = String(query({ plant: b.plant, line: b.line, ...products(b), day: b.day }));
  const place = document.getElementById("why-today");
  if (!place || (question === asked && Date.now() - renewed < EVERY_MS)) return;
  if (question !== asked) show(place);
  asked = question;
  renewed = Date.now();
  const answer = await fetch(`/why/today?${question}`).then((said) => (said.ok ? said.json() : null), () => null);
  if (answer && question === asked) show(document.getElementById("why-today") ?? place, answer.changes.map((change) => sentence(b, change, answer.href)));
}

function sentence(b, change, href) {
  const day = b.live ? "Today" : "This day";
  const cause = change.cause ? [" The leading cause: ", h("a", { href }, change.cause), ` ${change.amount}.`]
    : [" ", h("a", { href }, "No recorded name explains the difference"), "."];
  return h("span", {}, `${day}: ${change.after} ${change.currency}, against ${change.expected} expected by the ${WEEKS} weeks before.`, cause);
}
