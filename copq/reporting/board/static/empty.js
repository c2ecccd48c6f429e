// A board without figures teaches how to get some: the form, and commands that run as they are.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address } from "./address.js";

const opened = new Date().toISOString();
const service = document.body.dataset;

/** A command with a button that copies it. */
const command = (text) => h("div", { class: "command" },
  h("pre", { tabindex: 0 }, h("code", {}, text)),
  h("button", { type: "button", class: "copy" }, "Copy"));

/** Without HTTPS a browser lets a page copy only what is selected. */
export function listen(place) {
  place.addEventListener("click", (event) => {
    const button = event.target.closest("button.copy");
    if (!button) return;
    getSelection().selectAllChildren(button.previousSibling);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl-C";
  });
}

const title = (text) => h(service.guide ? "h3" : "h2", {}, text);

/** Without rates no event has a price: the guide sets up a plant, and an example comes with copq. */
export function withoutRates() {
  const valves = { plant: "mysuru", line: "valves", product: "TR29", stage: "P3" };
  const guide = [
    h("h1", {}, "Set up your plant"),
    h("p", {}, "Five short steps in the browser. ", h("a", { class: "button", href: "/setup" }, "Begin")),
    h("h2", {}, "Or take the example, in two steps"),
  ];
  return h("div", { class: "empty", "data-key": "empty" },
    service.guide ? guide : h("h1", {}, "Two steps to your first figure"),
    h("ol", {},
      h("li", {}, title("Import what things cost"),
        h("p", {}, "A rate file has plants, cost tables and line rates, as finance sets them. This example comes with copq:"),
        command(["copq rates import examples/tyre_valves/rates.yaml", service.commands].filter(Boolean).join(" ")),
        service.signedIn ? h("p", { class: "quiet small" }, "COPQ_TOKEN has to hold a token of finance.") : null),
      h("li", {}, title("Send what happened"),
        h("p", {}, "This one costs about 119 INR: 19 for three rejected valves, and 100 for sending the rejects of the day back to the supplier."),
        command(send(valves)), tokenNote())),
    h("p", { class: "quiet" }, "This page shows the figure a second later. You need not reload it."));
}

/** A plant that was heard within this time is at work: on the first of a month it has no figures yet. */
const AT_WORK_DAYS = 31;

/** A month without figures, with the way to the latest day that has some. */
export function withoutFigures(b) {
  if ([b.today, b.month].some((figure) => figure.known) || b.open_stops.length) return null;
  if (b.live && b.latest_day && b.latest_day >= f.shift(b.day, -AT_WORK_DAYS)) return null;
  return h("section", { class: "empty", "data-key": "empty" },
    h("h2", {}, b.live ? "Nothing is booked this month" : `Nothing is booked in ${f.monthInWords(b.day)} up to this day`),
    b.latest_day && b.latest_day !== b.day ? h("p", {}, h("a", { href: address({ day: b.latest_day }) }, `Open ${f.dayInWords(b.latest_day)}`), ", the latest day with figures.") : null,
    b.live ? (b.example ? firstEvent({ plant: b.plant, ...b.example }) : withoutTable()) : null);
}

const withoutTable = () => h("p", {}, "No product of this plant has a cost table in force, so no event would have a price. Finance imports one: ", h("code", {}, "copq rates import FILE"));

function firstEvent(of) {
  return [entry(of),
    h("p", {}, `${service.form ? "Or send" : "Send"} an event with a command. This one is 3 rejects of ${of.product} at ${of.stage}:`),
    command(send(of)), tokenNote(),
    h("p", { class: "quiet" }, "To import the log of an MES: ", h("code", {}, "copq import FILE --mapping FILE"))];
}

/** The form, where the service has one; a manager's token does not open it. */
function entry({ plant, line, product }) {
  if (!service.form) return null;
  if (service.signedIn) return h("p", {}, "Operators enter events in the form: ", h("code", {}, `${location.origin}/form`));
  return h("p", {}, h("a", { class: "button", href: `/form?${new URLSearchParams({ plant, line, product })}` }, "Enter events in the form"));
}

const tokenNote = () => (service.signedIn ? h("p", { class: "quiet small" }, "COPQ_TOKEN has to hold an operator's token. An administrator creates one: ", h("code", {}, "copq tokens create NAME")) : null);

function send(of) {
  const event = { event_id: `my-first-at-${of.plant}`, event_type: "defect", occurred_at: opened, ...of, quantity: 3 };
  const facts = Object.entries(event).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value).replaceAll("'", "\\u0027")}`);
  const token = service.signedIn ? "  -H \"Authorization: Bearer $COPQ_TOKEN\" \\\n" : "";
  return `curl ${location.origin}/v1/events \\\n${token}  -H 'Content-Type: application/json' \\\n  -d '{\n${facts.join(",\n")}\n}'`;
}
