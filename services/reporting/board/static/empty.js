// A board without figures teaches how to get some, with commands that run as they are.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address } from "./address.js";

const opened = new Date().toISOString();

/** A command that a button copies. */
const command = (text) => h("div", { class: "command" },
  h("pre", { tabindex: 0 }, h("code", {}, text)),
  h("button", { type: "button", class: "copy" }, "Copy"));

/** Where a page is not of HTTPS, browsers lend the clipboard to what is selected alone. */
export function listen(place) {
  place.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    getSelection().selectAllChildren(button.previousSibling);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl-C";
  });
}

/** Without a rate book nothing has a price. */
export function withoutRates() {
  return h("div", { class: "empty", "data-key": "empty" },
    h("h1", {}, "Two steps to your first figure"),
    h("ol", {},
      h("li", {}, h("h2", {}, "Say what things cost"), h("p", {}, "Plants, cost tables, line rates, as finance writes them. An example comes with copq:"), command("copq rates import examples/tyre_valves/rates.yaml")),
      h("li", {}, h("h2", {}, "Send what happened"), h("p", {}, "This one costs about 119 INR: 19 for three valves less what the supplier pays back, and 100 for sending the rejects of the day back:"), command(send("mysuru", "valves", "TR29", "P3")))),
    h("p", { class: "quiet" }, "This page shows the figure by itself, a second later."));
}

/** A day without anything, with the way to one that has some. */
export function withoutFigures(b) {
  const nothing = [b.today.copq, b.today.base, b.month.copq, b.month.base].every((value) => Number(value) === 0);
  if (!nothing || b.open_stops.length) return null;
  const line = b.line ?? b.line_names[0] ?? "L1";
  return h("section", { class: "empty", "data-key": "empty" },
    h("h2", {}, b.live ? "Nothing is booked this month" : `Nothing is booked in ${f.monthInWords(b.day)} up to this day`),
    b.latest_day && b.latest_day !== b.day ? h("p", {}, h("a", { href: address({ day: b.latest_day }) }, `Look at ${f.dayInWords(b.latest_day)}`), ", the latest day with figures.") : null,
    b.live ? [h("p", {}, "Or send an event; it is here a second later:"), command(send(b.plant, line, "YOUR-PRODUCT", "YOUR-STAGE")),
      h("p", { class: "quiet" }, "A whole log of your MES: copq import FILE --mapping FILE")] : null);
}

function send(plant, line, product, stage) {
  const event = { event_id: `my-first-at-${plant}`, event_type: "defect", occurred_at: opened, plant, line, product, stage, quantity: 3 };
  const facts = Object.entries(event).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value).replaceAll("'", "\\u0027")}`);
  return `curl ${location.origin}/v1/events \\\n  -H 'content-type: application/json' \\\n  -d '{\n${facts.join(",\n")}\n}'`;
}
