// Alerts with what an operator needs: the sentence, the numbers, who, how to look, what to do.

const alertsSeen = new Set();
let alertsShown = "";

function showAlerts(alerts) {
  byId("alerts-section").hidden = !alerts.length;
  setText(byId("alerts-title"), alertsTitle(alerts));
  announce(alerts);
  // Times pass on the page itself; who reads or selects is not disturbed by an equal answer.
  const text = JSON.stringify(alerts);
  if (text === alertsShown) return;
  alertsShown = text;
  const open = new Set([...document.querySelectorAll("#alerts details[open]")].map((details) => details.dataset.fingerprint));
  const focused = document.activeElement?.closest?.("#alerts [data-fingerprint]")?.dataset.fingerprint;
  byId("alerts").replaceChildren(...alerts.map((alert) => alertItem(alert, open.has(alert.fingerprint))));
  if (focused) document.querySelector(`#alerts button[data-fingerprint="${CSS.escape(focused)}"]`)?.focus();
}

function alertsTitle(alerts) {
  const shadows = alerts.filter((alert) => alert.shadow).length;
  const title = alerts.length === 1 ? "One alert" : `${alerts.length} alerts`;
  return shadows ? `${title}, ${shadows} in shadow` : title;
}

function announce(alerts) {
  const fresh = alerts.filter((alert) => !alertsSeen.has(alert.fingerprint) && !alert.shadow);
  for (const alert of fresh) alertsSeen.add(alert.fingerprint);
  const firing = new Set(alerts.map((alert) => alert.fingerprint));
  for (const old of alertsSeen) if (!firing.has(old)) alertsSeen.delete(old);
  if (fresh.length) setText(byId("announcer"), fresh.map((alert) => `${alert.severity}: ${alert.summary}`).join(". "));
}

const NUMBERS = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });

function amount(value, unit) {
  if (unit === "bytes") return bytes(value);
  if (unit === "seconds") return seconds(value);
  if (unit === "ratio") return `${NUMBERS.format(value * 100)} %`;
  return `${NUMBERS.format(value)} ${unit}`;
}

function alertItem(alert, isOpen) {
  const level = { critical: "critical", warning: "warning" }[alert.severity] ?? "notice";
  const marks = [alert.severity, alert.flapping ? "comes and goes" : null, alert.shadow ? "in shadow: wakes nobody" : null].filter(Boolean);
  const since = make("time", { dateTime: alert.since }, `${alert.since.slice(0, 19).replace("T", " ")} UTC`);
  return make("li", { className: `alert level-${level}` },
    make("p", { className: "marks" }, make("b", {}, alert.name), " ", marks.join(", "), ", since ", since),
    make("h3", {}, alert.summary),
    alert.action ? make("p", {}, make("b", {}, "First: "), alert.action) : null,
    alertNumbers(alert), alertContributors(alert), alertCommand(alert), alertMore(alert, isOpen));
}

function alertNumbers(alert) {
  const pairs = [["Observed", amount(alert.observed, alert.unit)]];
  if (alert.expected) pairs.push(["Usual", amount(alert.expected, alert.unit)]);
  pairs.push(["Greatest", amount(alert.peak, alert.unit)]);
  if (alert.window_seconds) pairs.push(["Over", span(alert.window_seconds)]);
  pairs.push(["Score", `${NUMBERS.format(alert.score)}, fires at ${NUMBERS.format(alert.limit)}`]);
  return make("dl", { className: "numbers" }, ...pairs.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function alertContributors({ contributors = [], key }) {
  if (!contributors.length) return null;
  const what = { client_net: "Networks", subject: "Users", room: "Channels" }[contributors[0].label] ?? "Contributors";
  const rows = contributors.map(({ value, count: times, share }) => make("tr", {}, headCell(value), cell(count(times), "number"), cell(percent(share), "number")));
  return make("table", { className: "figures" }, make("caption", {}, key ? `${what} that contribute, of ${key.value}` : `${what} that contribute`),
    make("thead", {}, make("tr", {}, columnHead("Who"), columnHead("Count", "number"), columnHead("Share", "number"))), make("tbody", {}, ...rows));
}

function columnHead(text, className = "") {
  return Object.assign(make("th", { className }, text), { scope: "col" });
}

function alertCommand({ journal, fingerprint, name }) {
  if (!journal) return null;
  const code = make("code", {}, journal);
  const button = make("button", { type: "button", className: "quiet" }, "Copy");
  button.dataset.fingerprint = fingerprint;
  button.setAttribute("aria-label", `Copy the command that shows the entries of ${name}`);
  button.addEventListener("click", () => copy(journal, code, button));
  return make("p", { className: "command" }, code, button);
}

/** Where the clipboard is closed to us, the text is selected, for the person to copy it. */
async function copy(text, element, button) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(element);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
}

function alertMore({ description, runbook_url: runbook, fingerprint, name }, isOpen) {
  const details = make("details", { open: isOpen }, make("summary", {}, "What it means"), make("p", {}, description ?? ""));
  details.dataset.fingerprint = fingerprint;
  // A link only where it leads somewhere by itself; anything else is told.
  const isLink = /^https?:\/\//.test(runbook ?? "");
  const book = isLink ? make("a", { href: runbook, rel: "noreferrer" }, `Runbook ${name}`) : make("code", {}, runbook ?? "");
  return make("div", { className: "more" }, description ? details : null, runbook ? make("p", {}, isLink ? "" : "Runbook: ", book) : null);
}

/** Asks for the alerts when the status says that they have changed, and every ten seconds while one fires. */
class AlertWatch {
  constructor() {
    this.signature = null;
    this.askedAt = 0;
  }

  async look({ alerts }) {
    // Those in the shadow are shown as such, and count in no severity.
    const firing = alerts ? alerts.critical + alerts.warning + alerts.info + (alerts.shadow ?? 0) : 0;
    // Without one that fires, or without a part that raises them, there is nothing to ask.
    if (!firing || this.isGone) {
      this.signature = null;
      showAlerts([]);
      return;
    }
    const signature = JSON.stringify(alerts);
    const isDue = Date.now() - this.askedAt > 10_000;
    if (signature === this.signature && !isDue) return;
    this.signature = signature;
    this.askedAt = Date.now();
    const answer = await fetch("/alerts", { cache: "no-store" }).catch(() => null);
    if (answer?.status === 404) this.isGone = true;
    if (!answer?.ok) return;
    showAlerts((await answer.json().catch(() => ({}))).alerts ?? []);
  }
}
