// Draws charts by uPlot, in the colours and the type of the page.

export const uPlot = globalThis.uPlot;
const charts = new Map();
export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
export const rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);

/** What both axes have: quiet text without marks. */
export const plain = () => ({ stroke: colour("quiet"), font: `${Math.round(0.75 * rem())}px system-ui, sans-serif`, ticks: { show: false } });

/** Draw into an element; a chart of the same shape gets new figures alone. */
export function draw(place, shape, options, data) {
  const key = place.id;
  const { width, height } = place.getBoundingClientRect();
  if (!width || !height) return;
  const whole = `${shape} ${Math.round(width)}x${Math.round(height)} ${colour("paper")}`;
  const known = charts.get(key);
  if (known?.whole === whole && place.contains(known.chart.root)) {
    known.chart.setData(data);
    return;
  }
  known?.chart.destroy();
  place.replaceChildren();
  const chart = new uPlot({ width, height, legend: { show: false }, ...options() }, data, place);
  charts.set(key, { chart, whole });
}

/** The room between two marks of money: less on a low chart, so that it still has a scale. */
export const markSpace = (_chart, _axis, _low, _high, height) => Math.min(3 * rem(), Math.max(1.2 * rem(), height / 3));
