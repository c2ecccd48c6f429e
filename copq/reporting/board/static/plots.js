// The charts of the pages: columns of several parts, lines, and points. Their figures are in the page.

import * as f from "./figures.js";
import { go } from "./address.js";
import { colour, draw, markSpace, plain, rem, uPlot } from "./drawing.js";

/** In the order of the series: of five costs what is spent on conformance is grey, what fails is not. */
const SHADES = { stack: ["s5", "s4", "s1", "s2", "s3"], lines: ["s1", "s4", "s2", "s5"], series: ["s1", "ink", "s4", "s5", "s5"], scatter: ["s5", "s1", "ink"] };
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
const isLines = (of) => of.kind === "lines" || of.kind === "series";
const shade = (of, index) => SHADES[of.kind][index % SHADES[of.kind].length];

/** Draw every chart of the page, now and whenever its size or its colours change. */
export function drawAll() {
  const places = [...document.querySelectorAll("[data-plot]")];
  const redraw = () => places.forEach(plot);
  for (const place of places) new ResizeObserver(() => plot(place)).observe(place);
  for (const media of ["(prefers-color-scheme: dark)", "print"]) matchMedia(media).addEventListener("change", redraw);
}

function plot(place) {
  if (!uPlot) return void (place.textContent = "The chart did not load. The table has the same figures.");
  const of = JSON.parse(place.dataset.plot);
  legend(place, of);
  ({ stack, lines, series, scatter })[of.kind](place, of);
}

/** What each colour or kind of line is, below the chart; made once. */
function legend(place, of) {
  const list = place.nextElementSibling;
  if (list.dataset.made) return;
  list.dataset.made = "yes";
  of.series.forEach(({ name }, index) => {
    const key = document.createElement("span");
    key.className = isLines(of) ? `key stroke ${shade(of, index)} d${(index % DASHES.length) + 1}` : `key ${of.kind === "stack" ? "shade" : "spot"} ${shade(of, index)}`;
    key.textContent = name;
    list.insertBefore(key, list.lastElementChild);
  });
}

const says = (place, text) => { place.nextElementSibling.lastElementChild.textContent = text; };

/** Columns with a part for each series: the highest is drawn first, and lower ones over it. */
function stack(place, of) {
  const values = of.series.map((one) => one.values.map(Number));
  const sums = values.map((_, last) => of.labels.map((_, at) => values.slice(0, last + 1).reduce((sum, one) => sum + one[at], 0)));
  const order = sums.map((_, index) => index).reverse();
  const data = [of.labels.map((_, index) => index), ...order.map((index) => sums[index])];
  const bars = uPlot.paths.bars({ size: [0.7, 70] });
  draw(place, `stack ${of.labels.length}`, () => ({
    padding: [8, 4, 0, 0],
    scales: { x: { time: false, range: [-0.6, of.labels.length - 0.4] }, y: { range: (_, low, high) => [Math.min(0, low), Math.max(high * 1.05, 1)] } },
    axes: [
      { ...plain(), size: 1.7 * rem(), grid: { show: false }, space: 4.5 * rem(), incrs: [1, 2, 3, 4, 6, 12], values: (_, splits) => splits.map((at) => of.labels[at] ?? "") },
      { ...plain(), size: 3.4 * rem(), space: markSpace, grid: { stroke: colour("rule"), width: 1 }, values: (_, splits) => splits.map(f.short) },
    ],
    series: [{}, ...order.map((index) => ({ fill: colour(shade(of, index)), stroke: colour("card"), width: 1, paths: bars, points: { show: false } }))],
    cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
    hooks: {
      setCursor: [(chart) => says(place, chart.cursor.left >= 0 ? month(of, values, chart.cursor.idx) : "")],
      ready: [(chart) => chart.over.addEventListener("click", () => of.hrefs?.[chart.cursor.idx] && go(of.hrefs[chart.cursor.idx]))],
    },
  }), data);
}

const month = (of, values, at) => (at === null ? "" : `${of.labels[at]}: ${of.series.map((one, index) => `${one.name.toLowerCase()} ${f.money(values[index][at])}`).join(", ")}`);

/** A line for each series over the same steps; 0 is marked where lines cross it. */
function lines(place, of) {
  const values = of.series.map((one) => one.values.map(Number));
  draw(place, `lines ${of.steps.length} ${of.series.length}`, () => ({
    padding: [8, 8, 0, 0],
    scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low) * 1.05, high * 1.05 || 1] } },
    axes: [
      { ...plain(), size: 1.7 * rem(), grid: { show: false }, space: 2.4 * rem(), incrs: [1, 2, 3, 6, 12, 24], values: (_, splits) => splits.map((at) => (Number.isInteger(at) ? at : "")) },
      { ...plain(), size: 3.4 * rem(), space: markSpace, grid: { stroke: colour("rule"), width: 1 } },
    ],
    series: [{}, ...of.series.map((_, index) => ({ stroke: colour(shade(of, index)), width: 2.2, dash: DASHES[index % DASHES.length], points: { show: false } }))],
    cursor: { y: false, drag: { x: false, y: false } },
    hooks: { draw: [zero], setCursor: [(chart) => says(place, chart.cursor.left >= 0 && chart.cursor.idx !== null ? `${of.step} ${of.steps[chart.cursor.idx]}: ${of.series.map((one, index) => `${one.name} ${values[index][chart.cursor.idx].toFixed(3)}`).join(", ")}` : "")] },
  }), [of.steps, ...values]);
}

/** Figures over days, with a band, marked days and marked heights; `between` has the bounds of an interval. */
function series(place, of) {
  const values = of.series.map((one) => one.values.map((value) => (value === null ? null : Number(value))));
  const [low, high] = of.band ? of.band.map(Number) : [];
  const heights = of.lines.map(({ at }) => at);
  draw(place, `series ${of.steps.length} ${of.series.length}`, () => ({
    padding: [14, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (_, least, most) => around(least, most, [low, high, ...heights], of.unit) } },
    axes: [
      { ...plain(), size: 1.7 * rem(), grid: { show: false }, space: 5.5 * rem() },
      { ...plain(), size: 4.2 * rem(), space: markSpace, grid: { stroke: colour("rule"), width: 1 }, values: (_, splits) => splits.map((at) => shown(at, of.unit)) },
    ],
    series: [{}, ...of.series.map((one, index) => ({ stroke: colour(shade(of, index)), width: one.stepped ? 1.4 : 2, dash: DASHES[index % DASHES.length], paths: one.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined, points: { show: false } }))],
    bands: of.between ? [{ series: of.between.map((one) => one + 1), fill: colour("rule") }] : [],
    cursor: { y: false, drag: { x: false, y: false } },
    hooks: {
      drawAxes: [(chart) => of.band && limits(chart, low, high)],
      draw: [(chart) => marked(chart, of)],
      setCursor: [(chart) => says(place, chart.cursor.left >= 0 && chart.cursor.idx !== null ? day(of, values, chart.cursor.idx) : "")],
    },
  }), [of.steps, ...values]);
}

const odds = (power) => (power >= 0 ? `${f.short(10 ** power)} : 1` : `1 : ${f.short(10 ** -power)}`);
const shown = (value, unit) => (unit === "odds" ? (Number.isInteger(value) ? odds(value) : "") : `${Number(value.toFixed(1))} %`);
const day = (of, values, at) => `${new Date(of.steps[at] * 1000).toISOString().slice(0, 10)}: ${of.series.map((one, index) => (values[index][at] === null ? "" : `${one.name.toLowerCase()} ${of.unit === "odds" ? odds(values[index][at]) : `${values[index][at].toFixed(1)} %`}`)).filter(Boolean).join(", ")}`;

/** From the lowest to the highest figure, with what is marked; percentages from 0 on. */
function around(least, most, marks, unit) {
  const known = [least, most, ...marks].filter((one) => Number.isFinite(one));
  const low = Math.min(0, ...known);
  const high = Math.max(...known, unit === "odds" ? 2.5 : 1);
  return [low < 0 ? low - (high - low) * 0.05 : low, high + (high - low) * 0.05];
}

/** The band between two heights, behind the lines. */
function limits(chart, low, high) {
  const { ctx, bbox } = chart;
  const [top, bottom] = [high, low].map((at) => chart.valToPos(at, "y", true));
  ctx.save();
  ctx.fillStyle = colour("rule");
  ctx.globalAlpha = 0.6;
  ctx.fillRect(bbox.left, top, bbox.width, bottom - top);
  ctx.restore();
}

/** Days as upright lines with their names, heights as level ones. */
function marked(chart, of) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour("ink");
  ctx.font = `${Math.round(0.75 * rem() * devicePixelRatio)}px system-ui, sans-serif`;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  for (const { at, name } of of.marks) {
    const x = chart.valToPos(at, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.fillText(name, x + 3 * devicePixelRatio, bbox.top - 3 * devicePixelRatio);
  }
  for (const { at, name } of of.lines) {
    const y = chart.valToPos(at, "y", true);
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.fillText(name, bbox.left + 3 * devicePixelRatio, y - 3 * devicePixelRatio);
  }
  ctx.stroke();
  ctx.restore();
}

/** Points of months over their level; the lowest total so far has a ring, the optimum its interval. */
function scatter(place, of) {
  const levels = of.steps.map((level) => Number(level) * 100);
  const values = of.series.map((one) => one.values.map(Number));
  const around = [...levels, ...of.optimum.map((level) => Number(level) * 100)];
  const margin = Math.max((Math.max(...around) - Math.min(...around)) * 0.06, 0.05);
  draw(place, `scatter ${levels.length} ${around.join()}`, () => ({
    padding: [8, 8, 0, 0],
    scales: { x: { time: false, range: [Math.min(...around) - margin, Math.max(...around) + margin] }, y: { range: (_, low, high) => [Math.min(0, low), high * 1.08 || 1] } },
    axes: [
      { ...plain(), size: 1.7 * rem(), grid: { show: false }, space: 4 * rem(), values: (_, splits) => splits.map((at) => `${Number(at.toFixed(3))} %`) },
      { ...plain(), size: 3.4 * rem(), space: markSpace, grid: { stroke: colour("rule"), width: 1 } },
    ],
    series: [{}, ...of.series.map((_, index) => ({ stroke: colour(shade(of, index)), paths: () => null, points: { show: true, size: (index === 2 ? 0.7 : 0.5) * rem(), width: 1.5, fill: index === 0 ? colour("card") : colour(shade(of, index)) } }))],
    cursor: { y: false, drag: { x: false, y: false } },
    hooks: {
      drawAxes: [(chart) => interval(chart, of.optimum.map((level) => Number(level) * 100))],
      draw: [(chart) => ring(chart, of, levels, values)],
      setCursor: [(chart) => says(place, chart.cursor.left >= 0 && chart.cursor.idx !== null ? point(of, levels, values, chart.cursor.idx) : "")],
    },
  }), [levels, ...values]);
}

const point = (of, levels, values, at) => `${of.labels[at]}, level ${levels[at].toFixed(2)} %: ${of.series.map((one, index) => `${one.name.toLowerCase()} ${values[index][at].toFixed(4)}`).join(", ")}`;

/** The optimum as a line, and its interval as a band behind the points. */
function interval(chart, [low, level, high]) {
  if (level === undefined) return;
  const { ctx, bbox } = chart;
  const [from, at, to] = [low, level, high].map((one) => chart.valToPos(one, "x", true));
  ctx.save();
  ctx.fillStyle = colour("rule");
  ctx.globalAlpha = 0.6;
  ctx.fillRect(Math.max(from, bbox.left), bbox.top, Math.min(to, bbox.left + bbox.width) - Math.max(from, bbox.left), bbox.height);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** A ring around the lowest total so far. */
function ring(chart, of, levels, values) {
  if (of.lowest === null) return;
  const { ctx } = chart;
  const total = values[values.length - 1][of.lowest];
  ctx.save();
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  ctx.arc(chart.valToPos(levels[of.lowest], "x", true), chart.valToPos(total, "y", true), 0.65 * rem() * devicePixelRatio, 0, 2 * Math.PI);
  ctx.stroke();
  ctx.restore();
}

function zero(chart) {
  if (chart.scales.y.min >= 0) return;
  const { ctx, bbox } = chart;
  const y = chart.valToPos(0, "y", true);
  ctx.save();
  ctx.strokeStyle = colour("ink");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
