// The address holds the view: plant, line, product group, day, window, order of rows, and what is opened.

const KEPT = ["plant", "line", "group", "grouping", "day", "span", "pareto", "sort_lines", "sort_hours", "sort_entries", "entries", "event"];

/** What the address asks for; what is not in it is null. */
export function view() {
  const asked = new URLSearchParams(location.search);
  return Object.fromEntries(KEPT.map((name) => [name, asked.get(name)]));
}

/**
 * The address of this view with something changed; null takes it away.
 * @param {Record<string, string | null>} changes
 */
export function address(changes) {
  const asked = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value !== null && value !== undefined && value !== "") asked.set(name, value);
    else asked.delete(name);
  }
  return `?${asked}`;
}

/** The address that opens the entries behind a figure. */
export function behind(filters) {
  const known = Object.entries(filters).filter(([, value]) => value !== null && value !== undefined);
  return address({ entries: String(new URLSearchParams(known)), event: null });
}

const opens = (search) => ["entries", "event"].some((name) => new URLSearchParams(search).has(name));

/** How many steps of the history lie on the board without a figure open; null where it is unknown. */
const depth = () => history.state?.depth ?? (opens(location.search) ? null : 0);

/** Go to an address of this page without loading the page again. */
export function go(href) {
  const steps = depth();
  if (href !== location.search) history.pushState({ depth: opens(href) ? steps === null ? null : steps + 1 : 0 }, "", href);
  dispatchEvent(new Event("copq:view"));
}

/** Change the address of this step of the history. */
export const replace = (href) => history.replaceState(history.state, "", href);

/** Close the figure that is open: back to where it was opened from, so that Back does not reopen it. */
export function close() {
  const steps = depth();
  if (steps) history.go(-steps);
  else leave(address({ entries: null, event: null }));
}

/** From an event back to the entries that it was opened from. */
export function back() {
  if (depth() > 1) history.back();
  else leave(address({ event: null }));
}

function leave(href) {
  history.replaceState(null, "", href);
  dispatchEvent(new Event("copq:view"));
}

/** Links to other views of this page change the view; any other link is left to the browser. */
export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='?']") : null;
    if (!link || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.classList.contains("close")) close();
    else if (link.classList.contains("back")) back();
    else go(link.getAttribute("href"));
  });
  addEventListener("popstate", () => dispatchEvent(new Event("copq:view")));
}
