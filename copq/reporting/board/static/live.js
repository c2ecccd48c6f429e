// Keeps the figures up to date: asks every two seconds, and reports when the service does not answer.

const EVERY_MS = 2000;
const AWAY_MS = 3000;
const PATIENCE_MS = 10000;

/**
 * @param {() => string} path what to ask for
 * @param {{ news: (said: any) => void, refused: (detail: string) => void,
 *           lost: (since: Date, why: string) => void, back: () => void }} listener `since` is when the
 *           last answer came, or the first question was asked
 */
export function follow(path, listener) {
  let tag = null;
  let asked = "";
  let answered = new Date();
  let lost = false;
  let timer = 0;
  let turn = 0;

  async function ask() {
    clearTimeout(timer);
    const mine = ++turn;
    if (path() !== asked) tag = null;
    asked = path();
    const wait = await answer(mine);
    if (mine === turn) timer = setTimeout(ask, wait);
  }

  async function answer(mine) {
    try {
      const headers = tag ? { "If-None-Match": tag } : {};
      const said = await fetch(asked, { headers, cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (mine !== turn) return EVERY_MS;
      if (said.status === 401) location.reload();
      if (said.status >= 500) throw new Error((await detail(said)) ?? `status ${said.status}`);
      if (lost) listener.back();
      lost = false;
      answered = new Date();
      if (said.status === 304) return EVERY_MS;
      if (!said.ok) listener.refused(await detail(said));
      else {
        tag = said.headers.get("ETag");
        listener.news(await said.json());
      }
      return EVERY_MS;
    } catch (error) {
      if (mine !== turn) return EVERY_MS;
      lost = true;
      listener.lost(answered, plainly(error));
      return AWAY_MS;
    }
  }

  addEventListener("copq:view", ask);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  ask();
}

/** What went wrong, in plain words. */
function plainly(error) {
  if (error.name === "TimeoutError") return `the service has taken longer than ${PATIENCE_MS / 1000} s to answer`;
  return error instanceof TypeError ? "the service does not answer" : error.message;
}

/** The reason that a refusal gives. */
export async function detail(said) {
  try {
    const body = await said.json();
    return typeof body.detail === "string" ? body.detail : JSON.stringify(body.detail);
  } catch {
    return null;
  }
}
