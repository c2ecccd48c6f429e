// How figures look: as many digits as a person can use; the exact value is in the title.

const MINUS = "−";
const NONE = "–";
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
let digits = 2;
let minor = inDigits(digits);
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** Round as `copq/ledger/money.py`: to these digits, those of the currency, a half away from zero. */
function inDigits(places) {
  return new Intl.NumberFormat("en", { minimumFractionDigits: places, maximumFractionDigits: places, signDisplay: "negative" });
}
/** Show money in the digits of the board's currency. */
export function useDigits(places) {
  digits = places;
  minor = inDigits(places);
}
/** A rounded amount as a whole number of the currency's smallest unit. */
export const minorUnits = (text) => Number(minor.format(text).replaceAll(",", "").replace(".", ""));
/** Money for a tile or a table: whole from 100 on, else with the digits of the currency. */
export const money = (text) => signed(Math.abs(text) >= 100 ? whole.format(text) : minor.format(text));
/** Money with the digits of its currency, for an entry. */
export const exactly = (text) => signed(minor.format(text));
/** Money for a column, all of it with as many places: none where it is large, and none is less than one. */
export function column(amounts) {
  const sizes = amounts.map((amount) => Math.abs(amount)).filter((size) => size > 0);
  const large = sizes.some((size) => size >= 100) && sizes.every((size) => size >= 1);
  return large ? (text) => signed(whole.format(text)) : exactly;
}
/** Money for one unit: the digits of the currency, and three that count where it is less than one. */
export const unitCost = (text) => signed(new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, minimumSignificantDigits: 1, maximumSignificantDigits: 3, roundingPriority: "morePrecision" }).format(text));
/** Money for an axis, and for a wall: 12.5k. */
export const short = (value) => signed(compact.format(value).replace("K", "k"));
export const count = (text) => signed(new Intl.NumberFormat("en", { maximumFractionDigits: 2 }).format(text));

/** A share as a percentage: two places below 1 %, one above; a dash without a base. */
export function percent(share) {
  if (share === null || share === undefined) return NONE;
  const value = Number(share) * 100;
  return signed(`${value.toFixed(Math.abs(value) < 1 ? 2 : 1)} %`);
}

/** How much more or less: "▲ 12 %"; null where there is nothing to compare with. */
export function change(now, before) {
  if (Number(before) === 0) return null;
  const value = ((now - before) / Math.abs(before)) * 100;
  const sign = Math.abs(value) < 0.5 ? "=" : value > 0 ? "▲" : "▼";
  return `${sign} ${Math.abs(value) < 0.5 ? "same" : `${whole.format(Math.abs(value))} %`}`;
}

function signed(text) {
  return text.replace("-", MINUS);
}

/** The time of an instant that carries the plant's offset, as the plant's clocks show it. */
export const clock = (instant) => instant.slice(11, 16);
export const seconds = (instant) => instant.slice(11, 19);
export const day = (instant) => instant.slice(0, 10);

/** An instant by the plant's clocks, with the zone named: 04:10:06 America/New_York. */
export function clockIn(instant, zone) {
  return `${new Date(instant).toLocaleTimeString("en-GB", { timeZone: zone })} ${zone}`;
}

/** The day of an instant by the plant's clocks: 2025-06-14. */
export const dayIn = (instant, zone) => new Date(instant).toLocaleDateString("sv-SE", { timeZone: zone });

/** From one instant to another, by the plant's clocks: 2025-06-14 06:00 to 10:30. */
export function between(from, to) {
  const end = day(from) === day(to) ? clock(to) : `${day(to)} ${clock(to)}`;
  return `${day(from)} ${clock(from)} to ${end}`;
}

/** A day in words: Sat 14 June 2025. */
export function dayInWords(date) {
  const at = new Date(`${date}T12:00:00Z`);
  return at.toLocaleDateString("en-GB", {
    weekday: "short", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
  });
}

export function monthInWords(date) {
  return new Date(`${date}T12:00:00Z`).toLocaleDateString("en-GB", { month: "long", year: "numeric", timeZone: "UTC" });
}

/** "day 29 of 30". */
export function dayOfMonth(date) {
  const [year, month, day] = date.split("-").map(Number);
  return `day ${day} of ${new Date(Date.UTC(year, month, 0)).getUTCDate()}`;
}

/** Days later, or earlier. */
export function shift(date, days) {
  const at = new Date(`${date}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return at.toISOString().slice(0, 10);
}

/** "3 min ago". */
export function ago(instant, now = Date.now()) {
  const minutes = Math.max(0, Math.floor((now - Date.parse(instant)) / 60000));
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return `${Math.floor(minutes / 1440)} days ago`;
}

/** How long: 1:04:09. */
export function lasting(milliseconds) {
  const s = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** How long, to read: 45 s, 24 min, 1 h 05 min. */
export function duration(seconds) {
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

const WORDS = {
  downtime: "stops", planned_stop: "planned stops", defect: "rejects", scrap: "scrap",
  rework: "rework", downgrade: "seconds", recovery: "recovery", recovery_overhead: "recovery dispatch",
  rework_of_returns: "returns reworked", rework_on_site: "rework at customers", return_scrap: "returns scrapped",
  complaint: "complaints", warranty: "warranty", admin_failure: "administrative failures",
  standing_appraisal: "standing costs of appraisal", standing_prevention: "standing costs of prevention",
};

export const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

/** An element in a plant's words. */
export const element = (name) => WORDS[name] ?? String(name).replaceAll("_", " ");
