// Top talkers and connections. Each answer costs the relay a walk over its connections: they are asked for while they are seen.

const LOOK_EVERY = 5000;
const PAGE = 25;

/** Calls `look` when the element comes into view, and again while it stays there. */
function whileSeen(element, look) {
  let isSeen = false;
  const visit = () => { if (isSeen && !document.hidden) look(); };
  new IntersectionObserver(([entry]) => {
    if (entry.isIntersecting && !isSeen) queueMicrotask(visit);
    isSeen = entry.isIntersecting;
  }, { rootMargin: "120px" }).observe(element);
  setInterval(visit, LOOK_EVERY);
}

// Top talkers

const TITLES = {
  "network connections.accepted": ["Networks", "New connections"], "user publications": ["Users", "Publications"],
  "room publications": ["Channels", "Publications"], "room deliveries": ["Channels", "Deliveries"],
  "network connections": ["Networks", "Connections"], "network messages.received": ["Networks", "Messages in"],
  "user messages.received": ["Users", "Messages in"], "user messages.sent": ["Users", "Messages out"], "room members": ["Channels", "Subscribers"],
};

async function showTop() {
  const report = await ask("/top");
  if (!report) return;
  setText(byId("top-note"), `${report.tables.some((table) => table.window_seconds) ? "Within the last minute, and of" : "Of"} the connections that are open over their whole life. Users and channels by the names that the journal has for them.`);
  const tables = report.tables.map(topTable);
  const area = byId("top");
  tables.forEach((table, place) => {
    const old = area.children[place];
    if (!old) area.append(table);
    else if (old.textContent !== table.textContent) old.replaceWith(table);
  });
  while (area.children.length > tables.length) area.lastElementChild.remove();
}

function topTable({ by, measure, window_seconds: window, sampled, total, keys, entries }) {
  const [what, unit] = TITLES[`${by} ${measure}`] ?? [by, measure];
  const rows = entries.slice(0, 6).map((entry) => {
    const bar = makeSVG("svg", { class: "share", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
      makeSVG("rect", { width: Math.max(1, entry.share * 100), height: 4 }));
    const sure = entry.error ? `${count(entry.count - entry.error)} to ${count(entry.count)}` : count(entry.count);
    return make("tr", {}, make("th", { scope: "row", className: "who" }, topKey(by, entry.key), bar), cell(sure, "number"), cell(percent(entry.share), "number soft"));
  });
  if (!rows.length) rows.push(make("tr", {}, Object.assign(cell("none", "soft"), { colSpan: 3 })));
  return make("table", { className: "figures" }, make("caption", {}, `${what} by ${unit.toLowerCase()}${window ? `, last ${span(window)}` : ""}${sampled ? ", estimated" : ""}`),
    make("thead", {}, make("tr", {}, columnHead(what), columnHead(unit, "number"), columnHead("Share", "number"))), make("tbody", {}, ...rows),
    make("tfoot", {}, make("tr", {}, make("th", { scope: "row" }, Number.isFinite(keys) ? `all ${count(keys)}` : "all"), cell(count(total), "number"), cell(""))));
}

function topKey(by, key) {
  if (!key) return "anonymous";
  if (by !== "user") return make("span", { className: "name" }, key);
  const button = make("button", { type: "button", className: "plain name" }, key);
  button.setAttribute("aria-label", `Show the connections of ${key}`);
  button.addEventListener("click", () => {
    byId("filter").reset();
    byId("filter-subject").value = key;
    byId("filter").requestSubmit();
    byId("connections-title").scrollIntoView({ block: "start" });
  });
  return button;
}

// Connections

const COLUMNS = [
  { name: "User", of: (row) => make("span", { className: "name" }, row["user.hash"] || "–") },
  { name: "Address", of: (row) => make("span", { className: "name" }, `${row["client.address"]}`) },
  { name: "Client", of: (row) => make("span", { className: "name client" }, row["client.name"] || "–"), narrow: false },
  { name: "Stage", of: (row) => row.state === "closed" ? `${words.reason[row["close.reason"]] ?? row["close.reason"] ?? "closed"}${row["close.code"] ? ` (${row["close.code"]})` : ""}` : words.stage[row.stage] ?? row.stage },
  { name: "Open for", of: (row) => span(row.duration_seconds), sort: "duration", number: true },
  { name: "In", of: (row) => count(row["messages.received"]), sort: "messages.received", number: true, title: "messages in" },
  { name: "Out", of: (row) => count(row["messages.sent"]), sort: "messages.sent", number: true, title: "messages out" },
  { name: "Waiting", of: (row) => bytes(row["queue.bytes"]), sort: "queue.bytes", number: true, title: "bytes waiting" },
  { name: "Channels", of: (row) => count(row.rooms), sort: "rooms", number: true, narrow: false },
  { name: "TLS", of: (row) => row["tls.protocol.version"] || "–", narrow: false },
];

const listing = { sort: "started", descending: true, offset: 0, filter: { state: "open" } };

function drawConnections() {
  const heads = COLUMNS.map((column) => {
    const head = columnHead("", [column.number ? "number" : "", column.narrow === false ? "roomy" : ""].join(" ").trim());
    if (!column.sort) return make("th", { scope: "col", className: head.className }, column.name);
    const button = make("button", { type: "button", className: "plain" }, column.name);
    button.setAttribute("aria-label", `Sort by ${column.title ?? column.name.toLowerCase()}`);
    button.addEventListener("click", () => {
      listing.descending = listing.sort === column.sort ? !listing.descending : true;
      Object.assign(listing, { sort: column.sort, offset: 0 });
      listConnections();
    });
    head.append(button);
    head.dataset.sort = column.sort;
    return head;
  });
  byId("connections-head").append(...heads);
  const form = byId("filter");
  const apply = () => {
    listing.filter = {};
    for (const name of ["state", "subject", "source", "room"]) {
      const value = byId(`filter-${name}`).value.trim();
      if (value) listing.filter[name] = value;
    }
    listing.offset = 0;
    listConnections();
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); apply(); });
  form.addEventListener("reset", () => setTimeout(apply));
  byId("filter-state").addEventListener("change", apply);
  byId("earlier").addEventListener("click", () => turn(-PAGE));
  byId("later").addEventListener("click", () => turn(PAGE));
}

function turn(by) {
  listing.offset = Math.max(0, listing.offset + by);
  listConnections();
}

async function listConnections() {
  const query = new URLSearchParams({ ...listing.filter, sort: (listing.descending ? "-" : "") + listing.sort, limit: PAGE, offset: listing.offset });
  for (const head of byId("connections-head").cells) {
    if (head.dataset.sort === listing.sort) head.setAttribute("aria-sort", listing.descending ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
  }
  const asked = query.toString();
  listing.asked = asked;
  const page = await ask(`/connections?${asked}`);
  // A later question has been asked meanwhile.
  if (listing.asked !== asked) return;
  if (!page) {
    setText(byId("page-place"), "the relay does not answer this question");
    return;
  }
  const rows = page.connections.map((row) => make("tr", { className: row.state === "closed" ? "over" : "" },
    ...COLUMNS.map((column) => cell(column.of(row), [column.number ? "number" : "", column.narrow === false ? "roomy" : ""].join(" ").trim()))));
  const none = make("tr", {}, Object.assign(cell("nobody", "soft"), { colSpan: COLUMNS.length }));
  setRows(byId("connections-rows"), rows.length ? rows : [none]);
  const [first, last] = [page.total ? page.offset + 1 : 0, Math.min(page.offset + page.limit, page.total)];
  setText(byId("connections-caption"), `${plural(page.total, "connection")}${Object.keys(listing.filter).some((name) => name !== "state") ? " that match" : ""}, ${listing.filter.state ?? "open and lately closed"}`);
  setText(byId("page-place"), page.total > PAGE ? `${first} to ${last} of ${count(page.total)}` : "");
  byId("earlier").disabled = page.offset === 0;
  byId("later").disabled = last >= page.total;
}
