// What a status says, put where it is read.

const percent = (value) => `${value > 0 && value < 0.0995 ? (value * 100).toFixed(1) : Math.round(value * 100)} %`;
const rate = (value) => `${count(value)}/s`;

const cards = [
  {
    id: "clients", title: "Clients", format: count, series: [{ key: "connections", name: "connected" }],
    say: (now) => [count(now.connections.stages.active),
      `${plural(now.population.users, "user")} in ${plural(now.population.rooms, "channel")}, ${plural(now.population.memberships, "subscription")}`],
  },
  {
    id: "deliveries", title: "Deliveries", format: rate,
    series: [{ key: "deliveries", name: "delivered" }, { key: "publications", name: "published" }],
    say: (now) => [rate(now.traffic.deliveries.rate10s),
      `of ${rate(now.traffic.publications.rate10s)} messages in; ${count(now.traffic.deliveries.total)} since the start`],
  },
  {
    id: "latency", title: "Delivery time", format: seconds, least: 0.001,
    series: [{ key: "p99", name: "99 of 100 within" }, { key: "p50", name: "half within" }],
    say: (now) => now.delivery.count
      ? [seconds(now.delivery.p99), `99 of 100 in the last minute; half within ${seconds(now.delivery.p50)}`]
      : ["–", "nothing was delivered in the last minute"],
  },
  {
    id: "accepts", title: "Coming and going", format: rate,
    series: [{ key: "accepts", name: "opened" }, { key: "closes", name: "closed" }],
    say: (now) => [rate(now.traffic.accepts.rate10s),
      `opened; ${rate(now.traffic.closes.rate10s)} closed; ${count(now.traffic.rejects.total)} turned away since the start`],
  },
  {
    id: "refusals", title: "Refused", format: rate, series: [{ key: "refusals", name: "commands refused" }],
    say: (now) => [rate(now.traffic.refusals.rate10s),
      `commands; ${plural(now.traffic.auth_failures.total, "token")} refused since the start, ${plural(now.pressure.throttled_users, "user")} held back by limits`],
  },
  {
    id: "processor", title: "Processor", format: percent, least: 0.1, series: [{ key: "cpu", name: "of one processor" }],
    say: (now) => [percent(now.process.cpu),
      `of ${now.process.processors * 100} %; loops are ${seconds(now.pressure.loop_lag_p99)} late at most in 99 of 100 turns`],
  },
];

function drawCards() {
  for (const card of cards) card.view = new Card(byId("curves"), card);
}

function showCards(now, points) {
  for (const card of cards) {
    card.view.show(...card.say(now));
    card.view.setPoints(points);
  }
}

function showVerdict(now) {
  const { level, text, reasons } = now.verdict;
  byId("verdict").dataset.level = level;
  setText(byId("verdict-text"), text);
  const others = reasons.slice(1);
  byId("reasons").hidden = !others.length;
  const items = others.map((reason) => Object.assign(make("li", {}, reason.text), { className: `level-${reason.level}` }));
  if (byId("reasons").textContent !== others.map((reason) => reason.text).join("")) byId("reasons").replaceChildren(...items);
  setText(byId("life"), `${now.state}, up ${span(now.uptime)}`);
  setText(byId("node"), now.node);
  setText(byId("build"), `Belfry ${now.version}${now.commit === "unknown" ? "" : `, commit ${now.commit}`}`);
  document.title = `${{ ok: "✓", notice: "·", warning: "!", critical: "‼" }[level]} ${text} · ${now.node}`;
}

/** In place of the verdict, until the next status. */
function showSilence(since) {
  byId("verdict").dataset.level = "critical";
  setText(byId("verdict-text"), `No news from the relay since ${clock(since)}`);
  byId("reasons").hidden = true;
  setText(byId("life"), "What stands below is old. It is tried again and again; if this lasts, the relay, its machine or the way there is gone.");
  document.title = `‼ no news · ${byId("node").textContent}`;
}

// Health

/** Rows of name, level and words. */
function healthOf(now) {
  const at = Date.parse(now.time);
  return [
    ...now.certificates.map((certificate) => certificateRow(certificate)),
    journalRow(now.journal, at), storeRow(now.store), probeRow(now.probe, at),
    loopsRow(now.loops), memoryRow(now.process), descriptorsRow(now.process), queueRow(now),
  ].filter(Boolean);
}

function certificateRow({ name, days_left: days, not_after: end }) {
  const level = days <= 3 ? "critical" : days <= 14 ? "warning" : "ok";
  const left = days < 0 ? "expired" : `${plural(days, "day")} left`;
  return ["Certificate", level, `${name}: ${left}`, `until ${end.slice(0, 10)}`];
}

function journalRow(journal, at) {
  const bad = journal.route === "nowhere" || journal.verification === "missing";
  const lost = journal.dropped ? `${plural(journal.dropped, "entry")} lost since the start` : "nothing lost";
  const verified = journal.last_verified ? `read back ${ago(journal.last_verified, at)}` : { unreadable: "may not be read back", missing: "not found when read back" }[journal.verification];
  const level = bad ? "critical" : journal.dropped_last_minute ? "warning" : "ok";
  return ["Journal", level, `to ${journal.route}, ${lost}`, [verified, journal.queue ? `${plural(journal.queue, "entry")} waiting` : null].filter(Boolean).join(", ")];
}

function storeRow(store) {
  if (!store) return ["Store", "ok", "none: histories are in memory", ""];
  if (store.is_failing) return ["Store", "critical", store.failure ?? "refuses changes", store.path];
  return ["Store", "ok", `${bytes(store.bytes)}, ${bytes(store.queue_bytes)} waiting`, store.path];
}

function probeRow(probe, at) {
  if (!probe.is_on) return null;
  const fails = probe.failed_last_minute > 0;
  const level = fails ? (probe.passed_last_minute ? "warning" : "critical") : "ok";
  const last = probe.last_success ? `last came back ${ago(probe.last_success, at)}` : "has not come back yet";
  return ["Self-probe", level, fails ? `${plural(probe.failed_last_minute, "failure")} in the last minute` : "messages come back", last];
}

function loopsRow(loops) {
  const stuck = loops.filter((loop) => !loop.is_alive).map((loop) => loop.name);
  return ["Event loops", stuck.length ? "critical" : "ok", stuck.length ? `${stuck.join(", ")} stands still` : `${loops.length === 1 ? "one turns" : `all ${loops.length} turn`}`, ""];
}

function memoryRow(process) {
  return ["Memory", "ok", bytes(process.resident_bytes), `of ${bytes(process.memory_bytes)} in the machine`];
}

function descriptorsRow({ open_descriptors: open, max_descriptors: most }) {
  return ["Descriptors", open >= 0.9 * most ? "warning" : "ok", `${count(open)} of ${count(most)}`, ""];
}

function queueRow({ pressure, traffic }) {
  const level = traffic.drops.rate60s > 0 ? "warning" : pressure.slow_consumers ? "notice" : "ok";
  const dropped = traffic.drops.total ? `${plural(traffic.drops.total, "copy")} dropped since the start` : "nothing dropped";
  return ["Output waiting", level, `${bytes(pressure.queue_bytes)}, ${pressure.slow_consumers ? `${plural(pressure.slow_consumers, "client")} too slow` : "nobody too slow"}`, dropped];
}

const LEVEL_WORDS = { ok: "well", notice: "worth a look", warning: "look here", critical: "act" };

function showHealth(now) {
  const list = byId("health");
  const rows = healthOf(now).map(([name, level, text, more]) => make("div", { className: `row level-${level}` },
    make("dt", {}, name),
    make("dd", {}, make("span", { className: "unseen" }, `${LEVEL_WORDS[level]}: `), text, more ? make("small", {}, more) : null)));
  rows.forEach((row, place) => {
    const old = list.children[place];
    if (!old) list.append(row);
    else if (old.textContent !== row.textContent || old.className !== row.className) old.replaceWith(row);
  });
  while (list.children.length > rows.length) list.lastElementChild.remove();
}

function showConnections(now) {
  const { stages, open, limit } = now.connections;
  const rows = Object.keys(words.stage).map((stage) => make("tr", {}, headCell(words.stage[stage]), cell(count(stages[stage]), "number")));
  rows.push(make("tr", { className: "sum" }, headCell(limit ? `all, of ${count(limit)}` : "all"), cell(count(open), "number")));
  setRows(byId("stages"), rows);
  const closes = now.closes.map(({ by, reason, last_minute: lately, total }) => make("tr", {},
    headCell(words.reason[reason] ?? reason), cell(by), cell(count(lately), "number"), cell(count(total), "number")));
  const none = make("tr", {}, Object.assign(cell("none has closed yet", "soft"), { colSpan: 4 }));
  setRows(byId("closes"), closes.length ? closes : [none]);
}
