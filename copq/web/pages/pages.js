// Everything works without this. It keeps a second press from being sent while the first is under
// way, and takes a reader to what is wrong.
"use strict";
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.submitter?.hasAttribute("data-stays")) return;  // a download leaves the page as it is
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  const button = form.querySelector("button[data-busy]");
  if (button) {
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
  }
});
// Back from the cache of the browser: the form may be sent again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    delete form.dataset.sent;
    const button = form.querySelector("button[data-idle]");
    if (button) button.textContent = button.dataset.idle;
  }
});
const faults = document.getElementById("faults");
if (faults) faults.focus();
