// The address holds the view: plant, line, day, window, order of rows, and what is opened.

const KEPT = ["plant", "line", "day", "span", "pareto", "sort_lines", "sort_hours", "sort_entries", "entries", "event"];

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
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...view(), ...changes })) {
    if (value !== null && value !== undefined && value !== "") asked.set(name, value);
  }
  return `?${asked}`;
}

/** The address that opens the entries behind a figure. */
export function behind(filters) {
  const known = Object.entries(filters).filter(([, value]) => value !== null && value !== undefined);
  return address({ entries: String(new URLSearchParams(known)), event: null });
}

/** Go to an address of this page without loading it anew. */
export function go(href) {
  if (href !== location.search) history.pushState(null, "", href);
  dispatchEvent(new Event("copq:view"));
}

/** Links to other views of this page change the view; anything else is the browser's. */
export function followLinks() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href^='?']") : null;
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });
  addEventListener("popstate", () => dispatchEvent(new Event("copq:view")));
}
