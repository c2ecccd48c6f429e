// The questions behind the figures of the board: which entries each one is the sum of.

import { behind } from "./address.js";
import * as f from "./figures.js";

export const FAILURE = { category: "copq" };

/** The products that the board shows: all, or those of a group. */
const products = ({ group, grouping }) => (group ? { group, grouping } : {});

export const ofDay = (b) => ({ ...FAILURE, line: b.line, grain: "day", bucket: b.day });

/** The month up to the day that is shown. */
export const ofMonth = (b) => ({ ...FAILURE, line: b.line, from: `${b.day.slice(0, 8)}01`, to: f.shift(b.day, 1) });

export const ofSpan = (b) => (b.span === "month" ? ofMonth(b) : ofDay(b));
export const inHour = (b, hour) => ({ ...FAILURE, line: b.line, grain: "hour", bucket: hour });
export const hourAddress = (b, hour) => behind({ ...inHour(b, hour), ...products(b) });

/** What makes a link open the entries of a figure; the exact figure is in its title. */
export const opens = (b, filters, exact) => ({ href: behind({ ...filters, ...products(b) }), title: `${exact} ${b.currency}: open the entries` });

/** The production that a figure is a share of. */
export const ofBase = ({ category, ...filters }) => ({ ...filters, element: "production" });

/** What a figure is compared with, between two instants. */
export function ofBefore(b, figure) {
  const [from, to] = figure.before_span;
  return { ...FAILURE, line: b.line, from, to };
}
