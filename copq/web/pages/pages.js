// Everything works without this. It keeps a second press from being sent while the first is under
// way, refuses a file that is too large before it is sent, and takes a reader to what is wrong.
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
for (const input of document.querySelectorAll("input[data-most]")) {
  const says = document.createElement("p");
  says.className = "fault";
  says.setAttribute("role", "alert");
  says.hidden = true;
  input.closest("label").after(says);
  input.addEventListener("change", () => {
    const most = Number(input.dataset.most), { name, size } = input.files[0] ?? { size: 0 };
    const megabytes = (bytes) => Math.ceil(bytes / 1048576);
    const isLarge = size > most;
    says.hidden = !isLarge;
    says.textContent = isLarge ? `${name} has ${megabytes(size)} MB, more than ${megabytes(most)} MB: it was not taken. Split it into several, and send each one.` : "";
    if (isLarge) input.value = "";
  });
}
