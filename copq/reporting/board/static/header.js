// The head of the board: which plant, line and product group, which day, and how fresh the figures are.

import { h } from "./dom.js";
import * as f from "./figures.js";
import { address, go } from "./address.js";

export function header(b) {
  const plant = b.plants.map((p) => p.plant);
  return [
    h("h1", {}, h("span", { class: "brand" }, "COPQ"), " ", h("span", { class: "title" }, [b.plant, b.line && `line ${b.line}`, b.group && `group ${b.group}`].filter(Boolean).join(", "))),
    h("p", { class: "printed strong" }, `${f.dayInWords(b.day)}, in ${b.currency}`),
    h("form", { class: "choose", "data-keeps": JSON.stringify(Object.fromEntries(b.plants.map((p) => [p.plant, p.keeps]))) },
      select("plant", "Plant", plant.map((name) => [name, name]), b.plant),
      select("line", "Line", [["", "all lines"], ...b.line_names.map((name) => [name, `line ${name}`])], b.line ?? ""),
      b.group_names.length ? select("group", "Product group", groups(b), b.group === null ? "" : JSON.stringify([b.grouping, b.group])) : null,
      h("div", { class: "days" },
        h("a", { href: address({ day: f.shift(b.day, -1) }), class: "step", "aria-label": "The day before" }, "‹"),
        h("label", {}, h("span", { class: "unseen" }, "Day"), h("input", { type: "date", name: "day", value: b.day, max: b.newest_day })),
        b.live ? h("span", { class: "step off", "aria-hidden": "true" }, "›")
          : h("a", { href: address({ day: f.shift(b.day, 1) }), class: "step", "aria-label": "The day after" }, "›"))),
    b.live
      ? h("p", { class: "fresh" }, h("span", { class: "dot", "aria-hidden": "true" }), h("strong", {}, "Live"), h("span", { class: "quiet n" }, ` ${f.seconds(b.as_of)} ${b.zone}`))
      : h("p", { class: "fresh past" }, h("strong", {}, "Past day"), " ", h("a", { href: address({ day: null }) }, "Show today")),
  ];
}

/** The groups to choose from; of several groupings each with its grouping. */
function groups(b) {
  const several = new Set(b.group_names.map((one) => one.grouping)).size > 1;
  return [["", "all products"], ...b.group_names.map(({ grouping, group }) => [JSON.stringify([grouping, group]), several ? `${grouping}: ${group}` : group])];
}

function select(name, label, options, chosen) {
  return h("label", {}, h("span", { class: "unseen" }, label),
    h("select", { name, "data-key": `${name}=${chosen}` }, options.map(([value, text]) => h("option", { value, selected: value === chosen }, text))));
}

/** The other pages open with the plant of this one, and with its line where they have lines. */
export function linkPlaces(b) {
  for (const link of document.querySelectorAll("[data-of-plants]")) link.hidden = b.plants.length < 2;
  for (const link of document.querySelectorAll("[data-place]")) {
    link.search = String(new URLSearchParams(link.dataset.place.split(" ").filter((name) => b[name]).map((name) => [name, b[name]])));
  }
}

/** A choice changes the address; another plant keeps the filters that it has, too. */
export function listen(top) {
  top.addEventListener("change", (event) => {
    const { name, value } = event.target;
    if (name === "group") {
      const [grouping, group] = value ? JSON.parse(value) : [null, null];
      go(address({ group, grouping, entries: null, event: null }));
    }
    if (name === "plant") {
      const kept = JSON.parse(event.target.form.dataset.keeps)[value];
      const gone = ["line", "group", "grouping"].filter((filter) => !kept.includes(filter));
      go(address({ plant: value, ...Object.fromEntries(gone.map((filter) => [filter, null])), entries: null, event: null }));
    }
    if (name === "line") go(address({ line: value || null, entries: null, event: null }));
    if (name === "day" && value) go(address({ day: value, entries: null, event: null }));
  });
  top.addEventListener("submit", (event) => event.preventDefault());
}
