// Starts the board. Where a part of it does not load, the page says so and loads again.

const AGAIN_MS = 10_000;

import("./app.js").catch(() => {
  const failed = document.createElement("p");
  failed.append("A part of the board did not load. The page tries again every 10 seconds; or ");
  const reload = document.createElement("a");
  reload.href = "";
  reload.textContent = "reload it now";
  failed.append(reload, ".");
  document.getElementById("figures").replaceChildren(failed);
  setTimeout(() => location.reload(), AGAIN_MS);
});
