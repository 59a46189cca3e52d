// What everything else builds on: elements, words and numbers. Text comes from clients and goes into text nodes alone.

const byId = (id) => document.getElementById(id);

/** An element with properties and children; strings become text. */
function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function makeSVG(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Writes only what has changed, so that nothing is read aloud twice. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Replaces a table's rows where they differ: what is selected or focused in the others stays. */
function setRows(body, rows) {
  while (body.rows.length > rows.length) body.deleteRow(-1);
  rows.forEach((row, place) => {
    const old = body.rows[place];
    if (!old) body.append(row);
    else if (old.textContent !== row.textContent || old.className !== row.className) old.replaceWith(row);
  });
}

function cell(content, className = "") {
  return make("td", { className }, content);
}

function headCell(content) {
  return Object.assign(make("th", {}, content), { scope: "row" });
}

// Words and numbers

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });

function count(value) {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1e6) return short.format(value);
  if (Math.abs(value) >= 10 || Number.isInteger(value)) return whole.format(value);
  return value.toFixed(value < 1 ? 2 : 1).replace(/\.?0+$/, "");
}

function plural(value, noun) {
  const many = /[^aeiou]y$/.test(noun) ? `${noun.slice(0, -1)}ies` : `${noun}s`;
  return `${count(value)} ${value === 1 ? noun : many}`;
}

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let place = 0;
  while (value >= 1024 && place < units.length - 1) {
    value /= 1024;
    place += 1;
  }
  return `${place === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[place]}`;
}

/** A short time, of seconds. */
function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.001) return `${Math.round(value * 1e6)} µs`;
  if (value < 1) return `${value < 0.01 ? (value * 1e3).toFixed(1) : Math.round(value * 1e3)} ms`;
  return `${value.toFixed(1)} s`;
}

/** A long time, of seconds. */
function span(value) {
  const [days, hours, minutes] = [Math.floor(value / 86400), Math.floor(value / 3600) % 24, Math.floor(value / 60) % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min` : `${Math.max(0, Math.floor(value))} s`;
}

function ago(time, now) {
  return `${span((now - Date.parse(time)) / 1000)} ago`;
}

function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString("en-GB");
}

const words = {
  stage: { tls: "TLS handshake", "http": "HTTP request", auth: "authenticating", active: "active", closing: "closing" },
  reason: {
    normal: "left in order", shutdown: "relay shut down", tls: "TLS handshake failed", "http": "answered over HTTP",
    protocol_error: "protocol error", too_big: "message too big", credentials: "not let in", expired: "token ran out",
    stale: "no connect in time", limit: "over a limit", rate: "kept sending over limits", slow: "read too slowly",
    no_pong: "no pong", forced: "cut by an operator", lost: "network lost", internal: "internal error",
  },
};

/** JSON of a path of ours, or `null` when it is not to be had. */
async function ask(path) {
  try {
    const answer = await fetch(path, { cache: "no-store", credentials: "same-origin" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
