// Keeps the figures new: asks again and again, and says when no answer comes.

const EVERY_MS = 2000;
const AWAY_MS = 3000;
const PATIENCE_MS = 15000;

/**
 * @param {() => string} path what to ask for
 * @param {{ news: (said: any) => void, refused: (detail: string) => void,
 *           lost: (since: Date, why: string) => void, back: () => void }} listener
 */
export function follow(path, listener) {
  let tag = null;
  let asked = "";
  let lostSince = null;
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
      if (lostSince) listener.back();
      lostSince = null;
      if (said.status === 304) return EVERY_MS;
      if (!said.ok) listener.refused(await detail(said));
      else {
        tag = said.headers.get("ETag");
        listener.news(await said.json());
      }
      return EVERY_MS;
    } catch (error) {
      lostSince ??= new Date();
      listener.lost(lostSince, error instanceof TypeError ? "the service does not answer" : error.message);
      return AWAY_MS;
    }
  }

  addEventListener("copq:view", ask);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  ask();
}

/** What an answer that is none says. */
export async function detail(said) {
  try {
    const body = await said.json();
    return typeof body.detail === "string" ? body.detail : JSON.stringify(body.detail);
  } catch {
    return null;
  }
}
