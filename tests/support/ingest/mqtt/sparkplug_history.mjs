// Writes examples/mqtt/sparkplug.messages.ndjson with Eclipse Tahu's own encoder, another than
// the one that copq reads with:
//   npm install sparkplug-payload@1.0.3 && node tests/support/ingest/mqtt/sparkplug_history.mjs > examples/mqtt/…
import { createRequire } from "node:module";
const { encodePayload } = createRequire(`${process.cwd()}/`)("sparkplug-payload").get("spBv1.0");

const at = (clock) => Date.parse(`2026-03-03T${clock}Z`);
const device = "press-4", where = "spBv1.0/north";
let seq = 0;

function send(kind, clock, metrics, more = {}) {
  const topic = kind[0] === "N" ? `${where}/${kind}/hall-1` : `${where}/${kind}/hall-1/${device}`;
  const payload = { timestamp: at(clock), metrics, ...(kind === "NDEATH" ? {} : { seq }), ...more };
  if (kind !== "NDEATH") seq = (seq + 1) % 256;
  const hex = Buffer.from(encodePayload(payload)).toString("hex");
  console.log(JSON.stringify({ topic, hex }));
}

const good = (value, more) => ({ name: "Counters/Good", alias: 1, type: "UInt64", value, ...more });
const rejects = (value, more) =>
  ({ name: "Counters/Rejects", alias: 2, type: "UInt16", value, ...more });
const state = (value, more) => ({ name: "State", alias: 3, type: "Int32", value, ...more });
const product = { name: "Product", alias: 4, type: "String", value: "widget" };
const short = ({ alias, type, value, timestamp, isHistorical }) =>
  ({ alias, type, value, ...(timestamp && { timestamp }), ...(isHistorical && { isHistorical }) });

function birth(clock, number, values) {
  seq = 0;
  send("NBIRTH", clock, [
    { name: "bdSeq", type: "UInt64", value: number },
    { name: "Node Control/Rebirth", type: "Boolean", value: false },
  ]);
  send("DBIRTH", clock, [...values, product]);
}

birth("06:00:00", 0, [good(1000), rejects(65530), state(1)]);
send("DDATA", "06:30:00", [short(good(1100)), short(rejects(65533))]);
send("DDATA", "07:00:00", [short(good(1180)), short(rejects(2))]); // rolled over at 65536
send("DDATA", "07:10:00", [short(state(2))]);
send("DDATA", "07:25:00", [short(state(1))]);
birth("07:40:00", 0, [good(1180), rejects(2), state(1)]); // asked for: nothing counts twice
send("DDATA", "08:00:00", [short(good(1200))]);
send("NDEATH", "08:05:00", [{ name: "bdSeq", type: "UInt64", value: 0 }]);
birth("08:30:00", 1, [good(40), rejects(5), state(4)]); // the PLC began anew while it was away
send("DDATA", "08:31:00", [
  short(good(20, { timestamp: at("08:15:00"), isHistorical: true })), // is in the 40 already
]);
send("DDATA", "09:00:00", [short(state(1)), short(good(90))]);
send("NDATA", "09:01:00", [{ name: "Uptime", type: "Double", value: 1.5 }]);
