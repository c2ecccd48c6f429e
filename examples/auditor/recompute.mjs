// Recomputes the savings of an improvement project from its export, without the service:
//
//     copq projects export PLANT NAME --out caps.json
//     node recompute.mjs caps.json
//
// All sums are exact rationals. It ends with OK, or with FAIL and the reasons (exit status 1).
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { createGunzip } from "node:zlib";

const faults = [], check = (holds, text) => { if (!holds) faults.push(text); };
const sha256 = (data, as) => createHash("sha256").update(data).digest(as);
// --- exact numbers ---------------------------------------------------------------------------------
class Q {
  constructor(n, d = 1n) {
    let [a, b] = [n, d];
    while (b) [a, b] = [b, a % b]; // the greatest common divisor
    if ((a < 0n) !== (d < 0n)) a = -a; // so that the denominator is positive
    Object.assign(this, { n: n / a, d: d / a });
  }
  static of(text) {
    const [over, under] = String(text).split("/"), [whole, part = ""] = over.split(".");
    if (under) return new Q(BigInt(over), BigInt(under));
    return new Q(BigInt(whole + part), 10n ** BigInt(part.length));
  }
  plus(o) { return new Q(this.n * o.d + o.n * this.d, this.d * o.d); } minus(o) { return new Q(this.n * o.d - o.n * this.d, this.d * o.d); }
  times(o) { return new Q(this.n * o.n, this.d * o.d); } over(o) { return new Q(this.n * o.d, this.d * o.n); }
  is(o) { return this.n === o.n && this.d === o.d; } below(o) { return this.n * o.d < o.n * this.d; }
  floor() { const whole = this.n / this.d; return this.n < 0n && whole * this.d !== this.n ? whole - 1n : whole; }
  nearest() { return this.n < 0n ? -new Q(-this.n).over(new Q(this.d)).nearest() : (this.n * 2n + this.d) / (this.d * 2n); } // half away from zero
  rounded(digits) { const unit = 10n ** BigInt(digits); return new Q(this.times(new Q(unit)).nearest(), unit); }
  text(digits) {
    const units = this.times(new Q(10n ** BigInt(digits))).nearest(), all = String(units < 0n ? -units : units).padStart(digits + 1, "0");
    return (units < 0n ? "-" : "") + all.slice(0, all.length - digits) + (digits ? "." + all.slice(-digits) : "");
  }
}
const ZERO = new Q(0n), HOUR = new Q(3600n), NONE = { booked: ZERO, frozen: ZERO, exposure: ZERO }, sum = (numbers) => numbers.reduce((total, one) => total.plus(one), ZERO);
const both = (one, other) => Object.fromEntries(Object.keys(NONE).map((field) => [field, one[field].plus(other[field])]));
// The parts in whole cents that add up to `total` (else to the rounded sum): each is rounded down, and
// what is left goes to the largest remainders, the first of equal ones first.
function allot(parts, digits, total = sum(parts).rounded(digits)) {
  const unit = new Q(10n ** BigInt(digits)), scaled = parts.map((part) => part.times(unit));
  const cents = scaled.map((part) => part.floor()), loss = scaled.map((part, i) => part.minus(new Q(cents[i])));
  const left = total.times(unit).nearest() - cents.reduce((a, b) => a + b, 0n);
  const each = parts.length ? new Q(left, BigInt(parts.length)).floor() : 0n, more = left - each * BigInt(parts.length);
  loss.map((_, i) => i).sort((a, b) => (loss[b].below(loss[a]) ? -1 : loss[a].below(loss[b]) ? 1 : a - b)).forEach((i, place) => { cents[i] += each + (BigInt(place) < more ? 1n : 0n); });
  return cents.map((number) => new Q(number).over(unit));
}
// --- prices ----------------------------------------------------------------------------------------
const stageCost = (stage) => sum(["raw_material", "labour_overhead", "fixed_overhead"].map((part) => Q.of(stage[part] ?? "0")));
const finishedCost = (rates, product) => { const table = rates[`cost table ${product}`]; return table && stageCost(table.stages.at(-1)); };
const hourly = (rate, name) => rate[`${name}_per_minute`] ? Q.of(rate[`${name}_per_minute`]).times(new Q(60n)) : Q.of(rate[`${name}_per_hour`] ?? "0");
// What an entry costs at the frozen rates, and which rate says so; undefined for kinds taken on trust.
function priced(entry, rates) {
  if (entry.element === "defect" || entry.element === "scrap") {
    const rate = rates[`cost table ${entry.product}`], stage = rate?.stages.find((one) => one.stage === (entry.stage ?? rate.stages.at(-1).stage));
    if (!stage) return undefined;
    const quantity = Q.of(entry.quantity), gross = quantity.times(stageCost(stage));
    const input = Q.of(rate.input_raw_material ?? rate.stages[0].raw_material), back = quantity.times(Q.of(rate.recovery_rate ?? "0")).times(input);
    const rejection = gross.minus(gross.below(back) ? gross : back);
    return { rate, cost: rejection.minus(rejection.times(Q.of(rate.allowed_rejection ?? "0"))) };
  }
  if (STOPS.has(entry.element)) {
    const rate = rates[`line rate ${entry.line}`];
    if (!rate) return undefined;
    const standstill = hourly(rate, "rate").plus(rate.bottleneck ? hourly(rate, "contribution") : ZERO);
    const perHour = entry.element === "downtime" ? standstill : hourly(rate, "planned_rate"), start = Q.of(entry.occurred_at);
    const until = (at) => perHour.times(at).over(HOUR).rounded(9);
    return { rate, cost: until(start.plus(Q.of(entry.seconds))).minus(until(start)) };
  }
  return undefined;
}
// --- what the entries of a project add up to -------------------------------------------------------
const holds = (scope, entry) => Object.entries(scope).every(([field, names]) => names.includes(entry[field] ?? ""));
// A cell's name; names in their order are in that of line and product, after all evidence.
const cellOf = (line, product) => `\u0001${line}\0${product ?? ""}`, placeOf = (cell) => cell.slice(1).split("\0"), evidenceOf = (one) => "\0" + one.evidence;
const STOPS = new Set(["downtime", "planned_stop"]), isAccepted = (one) => one.decision === "accepted", runs = (project, day) => project.runs.some(({ first, last }) => first <= day && (!last || day <= last));
class Sums {
  constructor(project, others, substitutes) {
    Object.assign(this, { ...project, others, substitutes, baseline: new Map(), days: new Map(), hours: {} });
  }
  cell(part, day, name) {
    const cells = part === "baseline" ? this.baseline : this.days.get(day) ?? this.days.set(day, new Map()).get(day);
    return cells.get(name) ?? cells.set(name, { ...NONE, held: new Map() }).get(name);
  }
  add(entry, cost, unitCost) {
    const { scope, exposure, currency } = this.plan, { part, day, line } = entry, product = entry.product ?? "";
    const isOutput = entry.element === "production", units = Q.of(entry.quantity);
    if (exposure === "production_hours" && (isOutput || STOPS.has(entry.element))) {
      const hour = (this.hours[[part, day, entry.hour, line]] ??= { part, day, line, stopped: ZERO, units: {} });
      if (isOutput) hour.units[product] = (hour.units[product] ?? ZERO).plus(units);
      else hour.stopped = hour.stopped.plus(Q.of(entry.seconds));
    } else if (isOutput) this.expose(part, day, line, product, exposure === "units" ? units : unitCost ? units.times(unitCost) : Q.of(entry.base));
    if (entry.category === "none" || entry.currency !== currency || !holds(scope, entry)) return;
    const cell = this.cell(entry.part, entry.day, cellOf(entry.line, entry.product));
    Object.assign(cell, { booked: cell.booked.plus(Q.of(entry.net)), frozen: cell.frozen.plus(cost) });
    const held = JSON.stringify(this.others.filter((other) => holds(other.plan.scope, entry)).map((other) => other.name));
    cell.held.set(held, (cell.held.get(held) ?? ZERO).plus(cost));
  }
  expose(part, day, line, product, amount) { // output is that of its product, and of losses without product or line
    const isIn = (field, name) => this.plan.scope[field]?.includes(name) ?? true, add = (cell) => { cell.exposure = cell.exposure.plus(amount); };
    for (const one of new Set([line, ""]))
      for (const other of new Set([product, ""])) if (isIn("line", one) && isIn("product", other)) add(this.cell(part, day, cellOf(one, other)));
  }
  exposeHours() { // an hour without its stops, by the units of each product, to nine decimals
    for (const { part, day, line, stopped, units } of Object.values(this.hours)) {
      const made = Object.entries(units).filter(([, amount]) => ZERO.below(amount)), whole = sum(made.map(([, amount]) => amount)).times(HOUR);
      if (stopped.below(HOUR)) for (const [product, amount] of made) this.expose(part, day, line, product, HOUR.minus(stopped).times(amount).over(whole).rounded(9));
    }
  }
  perUnit(name) { // the loss of a unit in the baseline, by the projects that hold it; undefined without a baseline
    const cell = [name, this.substitutes[name]].map((own) => this.baseline.get(own)).find((one) => one && ZERO.below(one.exposure));
    return cell && [...cell.held].map(([held, loss]) => [held, loss.over(cell.exposure)]);
  }
  daysOf(month) { return [...this.days].filter(([day]) => day.startsWith(month) && runs(this, day)); }
  savings(month, isRunning, accepted) { // exactly, by the projects that share a saving and by cell
    const found = {}, lost = {}, put = (set, name, saved) => { const cells = (found[set] ??= new Map()); cells.set(name, (cells.get(name) ?? ZERO).plus(saved)); };
    const setOf = (day, held) => JSON.stringify([this.name, ...JSON.parse(held).filter((other) => isRunning(other, day))].sort());
    for (const [day, cells] of this.daysOf(month))
      for (const [name, cell] of cells) {
        const perUnit = this.perUnit(name);
        for (const [held, loss] of (!cell.exposure.is(ZERO) && perUnit) || []) put(setOf(day, held), name, cell.exposure.times(loss));
        for (const [held, loss] of (perUnit && cell.held) || []) { put(setOf(day, held), name, ZERO.minus(loss)); lost[setOf(day, held)] = (lost[setOf(day, held)] ?? ZERO).plus(loss); }
      }
    const positive = Object.entries(lost).filter(([, loss]) => ZERO.below(loss)); // what is not routine is shared as the losses are
    const parts = positive.length ? positive : [[JSON.stringify([this.name]), new Q(1n)]], whole = sum(parts.map(([, loss]) => loss));
    for (const one of accepted) for (const [set, loss] of parts) put(set, evidenceOf(one), Q.of(one.amount).times(loss).over(whole));
    return found;
  }
  bridge(month, nonRoutine) { // the effects, exactly
    const months = Q.of(JSON.parse(this.evidence).baseline.months), sides = new Map(), pools = {};
    for (const [name, cell] of this.baseline) sides.set(name, { was: cell, now: NONE });
    for (const [, cells] of this.daysOf(month))
      for (const [name, cell] of cells) sides.set(name, { was: NONE, ...sides.get(name), now: both(sides.get(name)?.now ?? NONE, cell) });
    const effects = { volume: ZERO, mix: ZERO, rates: ZERO, non_routine: nonRoutine, without_baseline: ZERO, performance: ZERO.minus(nonRoutine) };
    let baseline = ZERO, actual = ZERO, add = (effect, amount) => { effects[effect] = effects[effect].plus(amount); };
    for (const [name, { was, now }] of sides) {
      const [line, product] = placeOf(name), pool = line && product ? "" : JSON.stringify([line, product ? "products" : ""]);
      if (pool && [was, now].every((side) => side.booked.is(ZERO) && side.frozen.is(ZERO))) continue;
      baseline = baseline.plus(was.booked.over(months)); actual = actual.plus(now.booked);
      add("rates", now.booked.minus(now.frozen).minus(was.booked.minus(was.frozen).over(months)));
      if (ZERO.below(was.exposure)) { (pools[pool] ??= []).push({ was, now }); continue; }
      const perUnit = this.perUnit(name), expected = perUnit && now.exposure.times(sum(perUnit.map(([, loss]) => loss)));
      if (perUnit) { add("mix", expected); add("performance", now.frozen.minus(expected)); }
      add("without_baseline", (perUnit ? ZERO : now.frozen).minus(was.frozen.over(months)));
    }
    for (const pool of Object.values(pools)) {
      const before = sum(pool.map(({ was }) => was.exposure)), made = sum(pool.map(({ now }) => now.exposure));
      for (const { was, now } of pool) {
        const perUnit = was.frozen.over(was.exposure), expected = now.exposure.times(perUnit), sameMix = made.times(was.frozen).over(before);
        add("volume", sameMix.minus(was.frozen.over(months))); add("mix", expected.minus(sameMix)); add("performance", now.frozen.minus(expected));
      }
    }
    return { baseline, actual, effects };
  }
}
// --- one export ------------------------------------------------------------------------------------
const DIGEST = ("event_id entry_no occurred_at booked_at reverses line product stage work_unit defect_code shift supplier element category " +
  "quantity gross recovered allowed net seconds base good ungraded currency rate_version labour_version line_version day").split(" ");
const NUMBERS = new Set("occurred_at booked_at quantity gross recovered allowed net seconds base good ungraded".split(" "));
const asBooked = (entry) => "[" + DIGEST.map((name) => (NUMBERS.has(name) ? entry[name] : JSON.stringify(entry[name]))).join(", ") + "]"; // as Postgres writes it
class Export {
  constructor(head) {
    const frozen = [head, ...head.others].map((one) => ({ ...one, name: one.project, plan: JSON.parse(one.evidence).plan }));
    for (const one of frozen) check(sha256(one.evidence, "hex") === one.sha256, `the evidence of ${one.name} does not have its SHA-256`);
    Object.assign(this, { head, digits: head.digits, evidence: JSON.parse(head.evidence), group: [], digests: [], booked: {}, entries: 0, trusted: 0, trust: ZERO });
    this.projects = Object.fromEntries(frozen.map((one) => [one.name, one]));
    const likes = ({ substitutes }) => substitutes.filter(isAccepted).map((one) => [cellOf(one.line, one.product), cellOf(one.like_line, one.like_product)]);
    this.rates = Object.fromEntries(Object.entries(head.rates).map(([name, rates]) => [name, this.proveRates(name, rates)]));
    const sumsOf = (name) => new Sums(this.projects[name], frozen.filter((other) => other.name !== name), Object.fromEntries(likes(this.projects[name])));
    this.sums = Object.fromEntries(Object.keys(head.rates).map((name) => [name, sumsOf(name)])); this.own = this.sums[head.project];
  }
  proveRates(of, rates) { // by what they price; that of the plant comes after one for all plants
    const known = JSON.parse(this.projects[of].evidence).rates.versions.map((one) => `${one.kind} ${one.sha256}`);
    const found = rates.map(({ kind, text }) => ({ ...JSON.parse(text), kind, isKnown: known.includes(`${kind} ${sha256(text, "hex")}`) }));
    found.sort((a, b) => (a.plant ? 1 : 0) - (b.plant ? 1 : 0));
    return Object.fromEntries(found.map((rate) => [`${rate.kind} ${rate.product ?? rate.line ?? rate.grade ?? "standard"}`, rate]));
  }
  add(entry) { // the entries of an event at one time are judged together, since one may take back another
    if (entry && ["project", "part", "event_id", "occurred_at"].every((name) => this.group[0]?.[name] === entry[name])) return this.group.push(entry);
    const reversed = new Set(this.group.map((one) => one.reverses));
    for (const one of this.group) this.take(one, one.reverses === null && (one.entry_no === null || !reversed.has(one.entry_no)));
    this.group = [entry];
  }
  take(entry, stands) {
    const sums = this.sums[entry.project], rates = this.rates[entry.project], name = `entry ${entry.event_id}#${entry.entry_no}`;
    const [net, gross, recovered, allowed, cost] = ["net", "gross", "recovered", "allowed", "at_frozen_rates"].map((field) => Q.of(entry[field]));
    this.entries += 1;
    check(net.is(gross.minus(recovered).minus(allowed)), `${name}: net is not gross - recovered - allowed`);
    check(stands || cost.is(net), `${name} is taken back, but has another cost at frozen rates`);
    if (stands && entry.category !== "none" && holds(sums.plan.scope, entry)) {
      const found = priced(entry, rates);
      if (!found) { this.trusted += 1; this.trust = this.trust.plus(cost); }
      check(!found || found.cost.is(cost), `${name} costs ${found?.cost.text(6)} at the frozen rates, not ${cost.text(6)}`);
      check(!found || found.rate.isKnown, `the rate of ${found?.rate.product ?? found?.rate.line}, which prices ${name}, is not in the evidence`);
    }
    if (sums === this.own && entry.part === "baseline" && entry.entry_no !== null)
      this.digests.push([Buffer.from(entry.event_id), entry.entry_no, Number(entry.occurred_at), sha256(asBooked(entry))]);
    const month = entry.part === "months" && entry.day.slice(0, 7);
    this.booked[month] = Math.max(this.booked[month] ?? 0, Number(entry.booked_at));
    sums.add(entry, cost, finishedCost(rates, entry.product));
  }
  proveBaseline() {
    const { ledger, baseline } = this.evidence;
    this.digests.sort((a, b) => Buffer.compare(a[0], b[0]) || a[1] - b[1] || a[2] - b[2]);
    check(this.digests.length === ledger.entries && sha256(Buffer.concat(this.digests.map((row) => row[3])), "hex") === ledger.sha256,
      `the ${this.digests.length} entries of the baseline are not the ${ledger.entries} that were approved`);
    const known = new Map(baseline.cells.map((cell) => [cellOf(cell.line, cell.product), cell]));
    for (const name of new Set([...known.keys(), ...this.own.baseline.keys()]))
      for (const [field, own] of [["booked", "booked"], ["at_frozen_rates", "frozen"], ["exposure", "exposure"]]) {
        const found = (this.own.baseline.get(name) ?? NONE)[own], approved = known.get(name)?.[field] ?? "0";
        check(found.is(Q.of(approved)), `baseline of ${placeOf(name).join(" ")}: ${field} is ${found.text(6)} by the entries, ${approved} was approved`);
      }
  }
  saving(month, accepted) { // in whole cents: all that the project saved, and what of it is its own
    const isRunning = (other, day) => runs(this.projects[other], day);
    const of = Object.fromEntries(Object.keys(this.sums).map((one) => [one, this.sums[one].savings(month, isRunning, one === this.own.name ? accepted : [])]));
    for (const other of this.head.others) for (const one of other.not_routine.filter((row) => row.month.startsWith(month)))
      ((of[other.project] ??= {})[JSON.stringify(one.projects)] ??= new Map()).set(evidenceOf(one), Q.of(one.amount));
    const when = (name) => [this.projects[name].frozen_at, String(this.projects[name].number).padStart(20)].join();
    let gross = ZERO, net = ZERO;
    for (const [set, own] of Object.entries(of[this.own.name])) {
      const members = JSON.parse(set).sort((a, b) => this.projects[a].number - this.projects[b].number);
      const earliest = [...members].sort((a, b) => (when(a) < when(b) ? -1 : 1)), saved = (name, cell) => of[name]?.[set]?.get(cell);
      gross = gross.plus(sum([...own.values()]).rounded(this.digits));
      const shares = this.shares(members, month), cells = [...new Set(members.flatMap((name) => [...(of[name]?.[set] ?? new Map()).keys()]))].sort();
      const first = (cell) => earliest.find((name) => (cell[0] === "\0" ? saved(name, cell) : this.sums[name].perUnit(cell))); // who has a baseline
      for (const amount of allot(cells.map((cell) => saved(first(cell), cell) ?? ZERO), this.digits))
        net = net.plus(allot(shares.map((share) => amount.times(share)), this.digits)[members.indexOf(this.own.name)]);
    }
    return { gross, net };
  }
  shares(members, month) { // the newest that finance set for exactly these projects, else equal ones
    const isOf = (row) => row.from_month.slice(0, 7) <= month && Object.keys(row.shares).sort().join("\n") === [...members].sort().join("\n");
    const newest = this.head.shares.filter(isOf).sort((a, b) => (a.from_month < b.from_month ? -1 : 1)).at(-1);
    const parts = members.map((name) => (newest ? Q.of(newest.shares[name]) : new Q(1n, BigInt(members.length))));
    check(sum(parts).is(new Q(1n)), `${month}: the shares of ${members.join(", ")} add up to ${sum(parts).text(3)}, not 1`);
    return parts;
  }
  proveMonth(row) {
    const none = Object.fromEntries(["baseline", "actual", "gross", "net", "claimed", "validated", "hard", "measured"].map((name) => [name, ZERO]));
    if (row.reason) return { ...none, version: row.version, note: `  ${row.reason}` }; // it can no longer be compared
    const month = row.month.slice(0, 7), accepted = this.head.non_routine.filter((one) => isAccepted(one) && one.month.startsWith(month)), { gross, net } = this.saving(month, accepted);
    const { baseline, actual, effects } = this.own.bridge(month, sum(accepted.map((one) => Q.of(one.amount))));
    check(actual.minus(baseline).is(sum(Object.values(effects))), `${month}: the effects do not add up to the change`);
    const found = { baseline: baseline.rounded(this.digits), actual: actual.rounded(this.digits), gross, net, performance: ZERO.minus(gross) };
    const rest = Object.keys(effects).slice(0, -1), left = found.actual.minus(found.baseline).plus(gross);
    allot(rest.map((name) => effects[name]), this.digits, left).forEach((part, i) => { found[rest[i]] = part; });
    const late = this.booked[month] > Date.parse(row.computed_at) / 1000 ? "; entries were booked since: refresh, and export again" : "";
    for (const [field, amount] of Object.entries(found))
      check(amount.is(Q.of(row[field])), `${month}: ${field} is ${amount.text(this.digits)}, not ${row[field]}${late}`);
    return { ...none, ...found, version: row.version, note: "" };
  }
  proveSigned(months) {
    const { claims, closings, owners, validations } = this.head, newest = new Map();
    for (const one of validations) {
      const claim = claims.find((other) => other.number === one.claim), month = one.month.slice(0, 7), what = `validation of ${month}`;
      const amount = Q.of(one.amount), claimed = Q.of(claim?.amount ?? "0"), isLess = amount.times(amount).below(claimed.times(claimed));
      check(claim?.month === one.month && claim?.type === one.type && months[month], `${what}: it is of no claim, or of no month`);
      check({ accepted: amount.is(claimed), rejected: amount.is(ZERO), reduced: isLess }[one.decision], `${what}: ${one.decision} at ${one.amount}, ${claim?.amount} was claimed`);
      check(!owners.includes(one.decided_by) && one.decided_by !== claim?.claimed_by, `${what}: ${one.decided_by} claimed it, or owns the project`);
      check(closings.some((other) => other.month === one.month && other.closing === one.closing), `${what}: closing ${one.closing} of the month is not there`);
      newest.set(`${month} ${one.type}`, { ...one, amount, claimed, month, version: claim?.version });
    }
    for (const { month, type, amount, claimed, version } of [...newest.values()].filter((one) => months[one.month])) {
      const row = months[month], add = (field, more) => { row[field] = row[field].plus(more); };
      add("claimed", claimed); add("validated", amount);
      for (const field of { hard: ["hard", "measured"], avoidance: ["measured"] }[type] ?? []) add(field, amount);
      if (version !== row.version) row.note = "  restated since it was claimed";
    }
    for (const [month, row] of Object.entries(months))
      check(row.note || !row.net.below(row.measured) || row.measured.is(ZERO), `${month}: ${row.measured.text(this.digits)} is validated, the net saving is ${row.net.text(this.digits)}`);
  }
}
// --- run -------------------------------------------------------------------------------------------
// The first line of a file is everything but the entries; then each line is an entry.
async function read(path, one) {
  const file = createReadStream(path), lines = createInterface({ input: path.endsWith(".gz") ? file.pipe(createGunzip()) : file, crlfDelay: Infinity });
  for await (const line of lines) {
    if (line === "]}") { one.add(undefined); Object.values(one.sums).forEach((of) => of.exposeHours()); return one; }
    const values = JSON.parse(one ? line.replace(/,$/, "") : line + "]}");
    if (one) one.add(Object.fromEntries(one.head.columns.map((name, i) => [name, values[i]])));
    else if (values.format === "copq.project/1") one = new Export(values);
    else throw new Error(`${path} is of format ${values.format}: this program reads copq.project/1`);
  }
  throw new Error(`${path} is cut short`);
}
const one = await read(process.argv[2]).catch((error) => { console.log(`FAIL ${error.message}`); process.exit(1); }), { head, digits } = one, months = {};
one.proveBaseline();
for (const [month, row] of new Map(head.months.map((row) => [row.month.slice(0, 7), row]))) months[month] = one.proveMonth(row);
one.proveSigned(months);
const FIELDS = ["baseline", "actual", "gross", "net", "claimed", "validated"], rows = Object.entries(months);
console.log(`${head.project} of ${head.plant}, in ${one.evidence.plan.currency}\nmonth  ${FIELDS.map((name) => name.padStart(12)).join("")}`);
for (const [month, row] of rows) console.log(month + FIELDS.map((name) => row[name].text(digits).padStart(12)).join("") + row.note);
const total = (field) => sum(rows.map(([, row]) => row[field])).text(digits);
console.log(`validated ${total("validated")}, of which hard ${total("hard")}\n${one.entries} entries, of which ${one.trusted} at frozen rates on trust: ${one.trust.text(digits)}`);
for (const text of faults.slice(0, 20)) console.log(`FAIL ${text}`);
console.log(faults.length ? `FAIL: ${faults.length} differences` : `OK: ${rows.length} months, ${head.validations.length} validations`);
process.exitCode = faults.length ? 1 : 0;
