// A page that the service has written: its charts, and the entries behind its figures.

import * as detail from "./detail.js";
import * as sorting from "./sorting.js";
import { followLinks } from "./address.js";
import { useDigits } from "./figures.js";
import { drawAll } from "./plots.js";

const { asOf, zone, digits } = document.body.dataset;
/** What the dialog of entries needs to know of the page; the plant is in each question. */
const page = { plant: null, as_of: asOf, zone };

/** A question may take seconds: say so, and ask it once. */
function askOnce(form) {
  const working = document.getElementById("working");
  form.addEventListener("submit", () => {
    working.textContent = "Loading the figures …";
    document.body.classList.add("working");
    form.querySelector("button.ask").setAttribute("aria-disabled", "true");
  });
  addEventListener("pageshow", () => {
    working.textContent = "";
    document.body.classList.remove("working");
    form.querySelector("button.ask").removeAttribute("aria-disabled");
  });
  // Another plant keeps the filters that it has, too.
  form.querySelector("[name=plant]")?.addEventListener("change", ({ target }) => {
    const kept = JSON.parse(target.dataset.keeps ?? "{}")[target.value] ?? [];
    for (const name of ["line", "product", "group", "grouping"]) if (form[name] && !kept.includes(name)) form[name].value = "";
    form.requestSubmit();
  });
}

askOnce(document.querySelector("form.question"));
if (asOf) {
  useDigits(Number(digits));
  detail.listen();
  sorting.listen();
  followLinks();
  addEventListener("copq:view", () => detail.follow(page));
  detail.follow(page);
}
drawAll();
