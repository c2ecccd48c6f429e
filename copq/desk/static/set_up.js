// The guide works without this. It guesses the time zone, adds costs while they are typed, copies
// commands, and watches for the first event.
"use strict";
const zone = document.getElementById("time_zone");
if (zone && !zone.value) zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

for (const output of document.querySelectorAll("output[data-sum]")) {
  const inputs = output.dataset.sum.split(" ").map((id) => document.getElementById(id));
  const add = () => {
    const texts = inputs.map((input) => input.value.trim()).filter(Boolean);
    const plain = texts.every((text) => /^\d{1,9}([.,]\d{1,6})?$/.test(text) && !/^[1-9]\d{0,2}[.,]\d{3}$/.test(text));
    const sum = texts.reduce((so_far, text) => so_far + Math.round(Number(text.replace(",", ".")) * 1e6), 0);
    output.textContent = texts.length && plain ? String(sum / 1e6) : "–";
  };
  for (const input of inputs) input.addEventListener("input", add);
  window.addEventListener("pageshow", add);
  add();
}

for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    getSelection().selectAllChildren(button.previousElementSibling);
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl-C";
  });
}

const waiting = document.getElementById("waiting");
if (waiting) {
  const began = Date.now();
  const look = async () => {
    try {
      const answer = await fetch(waiting.dataset.state, { cache: "no-store" });
      if (answer.ok && (await answer.json()).arrived) { location.reload(); return; }
      if (answer.status === 401) { location.reload(); return; }
    } catch { /* The service is away: ask again. */ }
    setTimeout(look, Date.now() - began < 300_000 ? 500 : 3000);
  };
  look();
}
