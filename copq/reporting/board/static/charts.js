// The chart of the hours as columns, by uPlot.

import * as f from "./figures.js";
import { go } from "./address.js";
import { hourAddress } from "./filters.js";
import { colour, draw, markSpace, plain, rem, uPlot } from "./drawing.js";

let current = null;
let followed = null;
const sizes = new ResizeObserver(() => current && hours(current));

/** The chart gets the size of its place, also where other panels leave it more or less room. */
function follow(place) {
  if (place === followed) return;
  followed = place;
  sizes.disconnect();
  sizes.observe(place);
}

export function hours(b) {
  const place = document.getElementById("hours-chart");
  if (!place) return;
  if (!uPlot) return void (place.textContent = "The chart did not load. The table below has the same figures.");
  current = b;
  follow(place);
  const numbers = (name) => b.hours.map((hour) => (hour[name] === null ? null : Number(hour[name])));
  const target = numbers("target").map((value, index) => (b.hours[index].begun ? value : null));
  const copq = numbers("copq");
  const over = copq.map((value, index) => (b.hours[index].over ? value : null));
  const within = copq.map((value, index) => (b.hours[index].over ? null : value));
  const data = [b.hours.map((_, index) => index), b.hours.map((hour) => Number(hour.before.copq)), within, over, target];
  draw(place, `hours ${b.hours.length}`, () => hourOptions(b.hours.length), data);
}

function hourOptions(count) {
  const axis = plain();
  return {
    padding: [8, 4, 0, 0],
    scales: { x: { time: false, range: [-0.6, count - 0.4] }, y: { range: (_, low, high) => [Math.min(0, low), Math.max(high * 1.05, 1)] } },
    axes: [
      { ...axis, size: 1.7 * rem(), grid: { show: false }, space: 2.4 * rem(), incrs: [1, 2, 3, 4, 6, 12], values: (_, splits) => splits.map((i) => (current.hours[i] ? f.clock(current.hours[i].hour) : "")) },
      { ...axis, size: 3.2 * rem(), space: markSpace, grid: { stroke: colour("rule"), width: 1 }, values: (_, splits) => splits.map(f.short) },
    ],
    series: [
      {},
      { fill: colour("before"), width: 0, paths: uPlot.paths.bars({ size: [0.82, 80] }), points: { show: false } },
      { fill: colour("accent"), width: 0, paths: uPlot.paths.bars({ size: [0.46, 46] }), points: { show: false } },
      { fill: colour("bad"), width: 0, paths: uPlot.paths.bars({ size: [0.46, 46] }), points: { show: false } },
      { paths: () => null, points: { show: false } },
    ],
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
    hooks: { setCursor: [under], draw: [aims], ready: [(chart) => chart.over.addEventListener("click", () => open(chart.cursor.idx))] },
  };
}

/** Each hour has a target of its own: a share of what was produced in it. */
function aims(chart) {
  const { ctx } = chart;
  ctx.save();
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 2 * devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  chart.data.at(-1).forEach((target, index) => {
    if (target === null) return;
    const y = chart.valToPos(target, "y", true);
    ctx.moveTo(chart.valToPos(index - 0.5, "x", true), y);
    ctx.lineTo(chart.valToPos(index + 0.5, "x", true), y);
  });
  ctx.stroke();
  ctx.restore();
}

function under(chart) {
  const hour = current?.hours[chart.cursor.idx ?? -1];
  const said = hour && chart.cursor.left >= 0
    ? `${f.clock(hour.hour)}: ${f.exactly(hour.copq)} (${f.percent(hour.share)}), the day before ${hour.before.known ? f.exactly(hour.before.copq) : "no figures"}` : "";
  const place = document.getElementById("hour-under");
  if (place) place.textContent = said;
}

const open = (index) => current.hours[index]?.begun && go(hourAddress(current, current.hours[index].hour));
