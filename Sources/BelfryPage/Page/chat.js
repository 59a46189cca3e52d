// The page: who enters, which rooms there are, what was said in them, who is there.
//
// Whatever others wrote becomes text nodes; nothing here makes markup of it, and the page's policy (Trusted Types) would
// not let it.

const NAMESPACE = "chat:";
const FIRST_ROOMS = ["lobby", "kitchen", "workshop"];
const ROOMS_MAX = 20;
const HISTORY = 50;
const ENTRIES_MAX = 500;
const PEOPLE_SHOWN = 100;
// Messages of one person within this time share one name and face.
const TOGETHER = 5 * 60_000;

const $ = (id) => document.getElementById(id);

/** An element with text and children; never with markup. */
const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null));
  return element;
};

// ---- What a tab remembers: a name, and a secret that gives the same guest after a reload

const remembered = (key) => {
  try { return sessionStorage.getItem(`belfry.${key}`); } catch { return null; }
};
const remember = (key, value) => {
  try { value === null ? sessionStorage.removeItem(`belfry.${key}`) : sessionStorage.setItem(`belfry.${key}`, value); } catch { /* a tab without storage asks again */ }
};

const newSecret = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

// ---- Tokens

/** Gets tokens for a guest, and keeps one while it is good. */
class Guest {
  user = null;
  #token = null;
  #goodUntil = 0;

  constructor(name, secret) {
    this.name = name;
    this.secret = secret;
  }

  async token(renew) {
    if (this.#token && !renew && Date.now() < this.#goodUntil) return this.#token;
    const answer = await this.#ask();
    if (answer.status === 429 || answer.status >= 500) throw new RelayError(answer.status, "the relay is busy", true);
    if (!answer.ok) throw new RelayError(answer.status, (await answer.text()).trim() || "the relay gives no token");
    const { token, user, ttl } = await answer.json();
    this.#token = token;
    this.#goodUntil = Date.now() + (ttl - 60) * 1000;
    this.user = user;
    return token;
  }

  async #ask() {
    const query = new URLSearchParams({ name: this.name });
    try {
      return await fetch(`/demo/token?${query}`, { method: "POST", headers: { "Belfry-Guest": this.secret }, credentials: "omit", signal: AbortSignal.timeout(10_000) });
    } catch {
      throw new RelayError(0, "the relay can not be reached", true);
    }
  }
}

// ---- People

const nameOf = (info) => (typeof info?.conn_info?.name === "string" && info.conn_info.name) || info?.user || "somebody";

const face = (info) => {
  const element = make("span", { className: "face", ariaHidden: "true", textContent: [...nameOf(info)][0].toUpperCase() });
  let hash = 0;
  for (const character of info?.user ?? "") hash = (hash * 31 + character.codePointAt(0)) % 360;
  element.style.setProperty("--hue", hash);
  return element;
};

// ---- Rooms

/** What is known of one room: entries in order, people by client. */
class Room {
  entries = [];
  people = new Map();
  unread = 0;
  draft = "";
  trouble = null;
  #stream = 0;
  #known = new Set();

  constructor(name, channel) {
    this.name = name;
    this.channel = channel;
  }

  /** Notes a publication once; answers its entry, or null when it is known. */
  add(publication) {
    const { offset = 0, data, info } = publication;
    if (offset && this.#known.has(offset)) return null;
    if (offset) this.#known.add(offset);
    if (this.#known.size > 2 * ENTRIES_MAX) this.#known.delete(this.#known.values().next().value);
    const text = typeof data?.text === "string" ? data.text : JSON.stringify(data);
    const at = Number.isFinite(data?.at) ? data.at : null;
    return this.#place({ kind: "message", text, at, id: typeof data?.id === "string" ? data.id : null, info, offset, stream: this.#stream });
  }

  /** A line of ours, before another entry or at the end. */
  note(kind, text, before = null) {
    const index = before ? this.entries.indexOf(before) : this.entries.length;
    this.entries.splice(index, 0, { kind, text });
  }

  /** One of ours that the relay has not numbered yet. */
  pending(entry) {
    this.entries.push(entry);
    return entry;
  }

  remove(entry) {
    const index = this.entries.indexOf(entry);
    if (index >= 0) this.entries.splice(index, 1);
  }

  /** Offsets begin anew: what was numbered before is another stream. */
  beginStream() {
    this.#stream += 1;
    this.#known.clear();
  }

  /** History comes after the first live messages, and belongs before them. */
  #place(entry) {
    let index = this.entries.length;
    const isAfter = (other) => entry.offset && other.offset && other.stream === entry.stream && other.offset > entry.offset;
    while (index > 0 && isAfter(this.entries[index - 1])) index -= 1;
    this.entries.splice(index, 0, entry);
    if (this.entries.length > ENTRIES_MAX) this.entries.splice(0, this.entries.length - ENTRIES_MAX);
    return entry;
  }
}

// ---- The chat

class Chat {
  #guest;
  #relay;
  #rooms = new Map();
  #room = null;
  #countdown = 0;
  #news = 0;
  #wasConnected = false;
  #recovered = null;
  #staysAtEnd = true;

  constructor(guest) {
    this.#guest = guest;
    this.#relay = new Relay(`wss://${location.host}/connection/websocket`, (renew) => guest.token(renew));
    this.#relay.addEventListener("state", (event) => this.#showState(event.detail));
    this.#listen();
  }

  start() {
    $("entrance").hidden = true;
    $("chat").hidden = false;
    $("me").replaceChildren(face({ user: this.#guest.user, conn_info: { name: this.#guest.name } }), make("span", { textContent: this.#guest.name }));
    for (const name of FIRST_ROOMS) this.#add(name);
    const wanted = this.#roomInAddress();
    this.#enter(wanted && this.#add(wanted) ? wanted : FIRST_ROOMS[0]);
    this.#relay.retry();
    $("text").focus();
  }

  #listen() {
    $("retry").onclick = () => this.#relay.retry();
    $("leave").onclick = () => leave();
    $("newer").onclick = () => this.#toEnd();
    $("show-people").onclick = () => this.#showPeople($("show-people").ariaExpanded !== "true");
    $("scroll").onscroll = () => {
      this.#staysAtEnd = this.#isAtEnd();
      if (this.#staysAtEnd) $("newer").hidden = true;
    };
    // A keyboard that opens, a phone that turns: who was at the end stays there.
    new ResizeObserver(() => this.#staysAtEnd && this.#toEnd()).observe($("scroll"));
    $("open-room").onsubmit = (event) => { event.preventDefault(); this.#open(); };
    $("composer").onsubmit = (event) => { event.preventDefault(); this.#send(); };
    $("text").oninput = () => this.#fitText();
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("hashchange", () => { const name = this.#roomInAddress(); if (name && this.#add(name)) this.#enter(name); });
    addEventListener("focus", () => this.#read());
    document.addEventListener("visibilitychange", () => this.#read());
  }

  #key(event) {
    if (event.target === $("text") && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#send();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      const names = [...this.#rooms.keys()];
      const step = event.key === "ArrowDown" ? 1 : names.length - 1;
      this.#enter(names[(names.indexOf(this.#room.name) + step) % names.length]);
    } else if (event.key === "Escape") {
      this.#showPeople(false);
      $("text").focus();
    }
  }

  // Rooms

  #roomInAddress() {
    const name = location.hash.slice(1);
    return /^[A-Za-z0-9_.-]{1,32}$/.test(name) ? name : null;
  }

  #open() {
    const name = $("room-name").value.trim();
    if (!name || !this.#add(name)) return;
    $("room-name").value = "";
    this.#enter(name);
    $("text").focus();
  }

  /** The room of that name, a new one if need be; null when there are too many. */
  #add(name) {
    if (this.#rooms.has(name)) return this.#rooms.get(name);
    if (this.#rooms.size >= ROOMS_MAX) return null;
    const room = new Room(name, this.#relay.channel(NAMESPACE + name));
    this.#rooms.set(name, room);
    const on = (type, handle) => room.channel.addEventListener(type, (event) => handle(event.detail));
    on("joined", () => this.#joined(room));
    on("recovered", (publications) => this.#cameBack(room, publications));
    on("lost", () => this.#lost(room));
    on("publication", (publication) => this.#said(room, publication));
    on("join", (info) => { room.people.set(info.client, info); this.#peopleChanged(room); });
    on("leave", (info) => { room.people.delete(info.client); this.#peopleChanged(room); });
    on("refused", (error) => { room.trouble = error.message; this.#show(room); });
    room.channel.subscribe();
    this.#showRooms();
    return room;
  }

  #enter(name) {
    const room = this.#rooms.get(name);
    if (room === this.#room) return;
    if (this.#room) this.#room.draft = $("text").value;
    this.#room = room;
    history.replaceState(null, "", `#${name}`);
    $("title").textContent = `# ${name}`;
    $("text").placeholder = `Write in ${name}`;
    $("text").value = room.draft;
    this.#fitText();
    this.#show(room);
    this.#toEnd();
    this.#showRooms();
    this.#read();
    $("rooms").querySelector("[aria-current]").scrollIntoView({ block: "nearest", inline: "center" });
    this.#showPeopleList();
  }

  #joined(room) {
    room.trouble = null;
    this.#fetchHistory(room);
    this.#fetchPeople(room);
  }

  /** The connection is back, and the relay had all that was missed. */
  #cameBack(room, publications) {
    const missed = publications.filter((publication) => !this.#settle(room, publication));
    const fresh = publications.map((publication) => room.add(publication)).filter((entry) => entry !== null);
    const count = missed.length;
    if (this.#recovered !== null) this.#recovered += count;
    if (count && fresh.length) {
      room.note("recovered", count === 1 ? "Back again: 1 missed message recovered" : `Back again: ${count} missed messages recovered`, fresh[0]);
      if (room !== this.#room || document.hidden) room.unread += count;
    }
    this.#announce();
    this.#show(room);
    this.#showRooms();
    this.#fetchPeople(room);
  }

  #lost(room) {
    room.beginStream();
    room.note("lost", "Back again, but the relay no longer has all that was missed");
    this.#joined(room);
  }

  async #fetchHistory(room) {
    try {
      const publications = await room.channel.history(HISTORY);
      for (const publication of publications) if (!this.#settle(room, publication)) room.add(publication);
    } catch (error) {
      // Without permission for it there is no history, and a lost connection asks again.
      if (!error.temporary) console.info(`no history: ${error.message}`);
    }
    this.#show(room);
  }

  async #fetchPeople(room) {
    try {
      const { presence } = await room.channel.presence();
      room.people = new Map(Object.entries(presence));
    } catch { room.people = new Map(); }
    this.#peopleChanged(room);
  }

  // Messages

  #said(room, publication) {
    const isOwn = this.#settle(room, publication);
    const entry = room.add(publication);
    if (!entry) return;
    if (!isOwn && (room !== this.#room || document.hidden)) room.unread += 1;
    this.#append(room, entry);
    this.#showRooms();
  }

  /** Whether this is one of ours that waited for it. */
  #settle(room, { data, info }) {
    if (!data?.id || info?.user !== this.#guest.user) return false;
    const waiting = room.entries.find((entry) => entry.isPending && entry.id === data.id);
    if (!waiting) return false;
    room.remove(waiting);
    waiting.element?.remove();
    return true;
  }

  #send() {
    const text = $("text").value.trim();
    if (!text || !this.#room) return;
    $("text").value = "";
    this.#fitText();
    this.#submit(this.#room, text);
  }

  #submit(room, text) {
    const info = { user: this.#guest.user, client: this.#relay.client, conn_info: { name: this.#guest.name } };
    const entry = room.pending({ kind: "message", text, at: Date.now(), id: newSecret(), info, isPending: true });
    this.#append(room, entry);
    this.#toEnd();
    this.#publish(room, entry);
  }

  async #publish(room, entry) {
    entry.failure = null;
    try {
      await room.channel.publish({ text: entry.text, at: entry.at, id: entry.id });
    } catch (error) {
      // It may have arrived nevertheless: then it comes back with what is recovered, and settles this.
      entry.failure = error.code === 0 ? "not sent" : `not sent: ${error.message}`;
      if (room === this.#room) this.#show(room);
    }
  }

  // What is shown

  #show(room) {
    if (room !== this.#room) return;
    const wasAtEnd = this.#isAtEnd();
    const log = $("log");
    log.ariaBusy = "true";
    let previous = null;
    log.replaceChildren(...room.entries.map((entry) => this.#element(room, entry, previous, (previous = entry))));
    if (!room.entries.length) log.append(make("li", { className: "empty", textContent: room.trouble ? `You can not be in here: ${room.trouble}` : "Nothing has been said here yet." }));
    log.ariaBusy = "false";
    if (wasAtEnd) this.#toEnd();
  }

  #append(room, entry) {
    if (room !== this.#room) return;
    // Anything but the newest at the end is rare: then all is shown anew.
    if (room.entries.at(-1) !== entry) return this.#show(room);
    const wasAtEnd = this.#isAtEnd();
    $("log").querySelector(".empty")?.remove();
    $("log").append(this.#element(room, entry, room.entries.at(-2) ?? null));
    while ($("log").childElementCount > ENTRIES_MAX) $("log").firstElementChild.remove();
    if (wasAtEnd) this.#toEnd();
    else if (!entry.isPending) $("newer").hidden = false;
  }

  #element(room, entry, previous) {
    entry.element = entry.kind === "message" ? this.#message(room, entry, previous) : make("li", { className: "note", textContent: entry.text });
    if (entry.kind !== "message") entry.element.dataset.kind = entry.kind;
    return entry.element;
  }

  #message(room, entry, previous) {
    const isOwn = entry.info?.user === this.#guest.user;
    const follows = previous?.kind === "message" && previous.info?.user === entry.info?.user && Math.abs((entry.at ?? 0) - (previous.at ?? 0)) < TOGETHER;
    const element = make("li", { className: ["message", isOwn && "own", follows && "follows", entry.isPending && "waiting", entry.failure && "failed"].filter(Boolean).join(" ") },
      face(entry.info),
      make("div", { className: "byline" }, make("b", { textContent: isOwn ? "You" : nameOf(entry.info) }), this.#time(entry.at)),
      make("div", { className: "bubble", textContent: entry.text }));
    if (entry.failure) element.append(this.#failure(room, entry));
    return element;
  }

  #time(at) {
    const moment = new Date(at ?? NaN);
    if (Number.isNaN(moment.getTime())) return null;
    const isToday = moment.toDateString() === new Date().toDateString();
    const options = isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    return make("time", { dateTime: moment.toISOString(), textContent: moment.toLocaleString(undefined, options) });
  }

  #failure(room, entry) {
    const again = make("button", { type: "button", className: "quiet", textContent: "Send again" });
    again.onclick = () => { this.#publish(room, entry); this.#show(room); };
    return make("div", { className: "mark" }, entry.failure, again);
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = $("scroll");
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  #toEnd() {
    this.#staysAtEnd = true;
    $("scroll").scrollTop = $("scroll").scrollHeight;
    $("newer").hidden = true;
  }

  #fitText() {
    const text = $("text");
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight + 2}px`;
  }

  #read() {
    if (!this.#room || document.hidden) return;
    this.#room.unread = 0;
    this.#showRooms();
  }

  #showRooms() {
    const focused = document.activeElement?.dataset?.room;
    const items = [...this.#rooms.values()].map((room) => {
      const button = make("button", { type: "button" }, make("span", { textContent: `# ${room.name}` }));
      button.dataset.room = room.name;
      if (room === this.#room) button.ariaCurrent = "true";
      if (room.unread) button.append(make("span", { className: "badge", textContent: room.unread > 99 ? "99+" : room.unread }, make("span", { className: "unseen", textContent: " unread" })));
      button.onclick = () => { this.#enter(room.name); $("title").focus(); };
      return make("li", {}, button);
    });
    $("rooms").replaceChildren(...items);
    if (focused) $("rooms").querySelector(`[data-room="${focused}"]`)?.focus();
    const unread = [...this.#rooms.values()].reduce((sum, room) => sum + room.unread, 0);
    document.title = unread ? `(${unread}) Belfry` : "Belfry";
  }

  // People

  #peopleChanged(room) {
    if (room === this.#room) this.#showPeopleList();
  }

  #showPeopleList() {
    const byUser = new Map([...this.#room.people.values()].map((info) => [info.user, info]));
    const people = [...byUser.values()].sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    const items = people.slice(0, PEOPLE_SHOWN).map((info) => make("li", {}, face(info), make("span", { textContent: nameOf(info) }),
      info.user === this.#guest.user ? make("span", { className: "you", textContent: "you" }) : null));
    if (people.length > PEOPLE_SHOWN) items.push(make("li", { className: "more", textContent: `and ${people.length - PEOPLE_SHOWN} more` }));
    $("people").replaceChildren(...items);
    $("people-count").textContent = people.length;
    $("show-people").textContent = people.length === 1 ? "1 here" : `${people.length} here`;
  }

  #showPeople(isShown) {
    $("people-panel").classList.toggle("shown", isShown);
    $("show-people").ariaExpanded = String(isShown);
  }

  // The connection

  #showState({ state, reason, retryAt }) {
    clearInterval(this.#countdown);
    clearTimeout(this.#news);
    $("retry").hidden = state === "connected" || state === "connecting";
    $("state").dataset.state = state;
    delete $("state").dataset.news;
    $("countdown").textContent = "";
    if (state === "connected") {
      this.#recovered = this.#wasConnected ? 0 : null;
      this.#wasConnected = true;
      return this.#say("Connected");
    }
    if (state === "connecting") return this.#say(this.#wasConnected ? "Reconnecting" : "Connecting");
    if (state === "stopped") return this.#say(`Disconnected: ${reason}`);
    this.#say(navigator.onLine ? "Disconnected" : "Offline");
    this.#count(retryAt);
  }

  #count(retryAt) {
    const show = () => { $("countdown").textContent = `, trying again in ${Math.max(0, Math.ceil((retryAt - Date.now()) / 1000))} s`; };
    show();
    this.#countdown = setInterval(show, 500);
  }

  /** How a reconnect went, for some seconds. */
  #announce() {
    if (this.#recovered === null || this.#relay.state !== "connected") return;
    const count = this.#recovered;
    this.#say(count ? `Connected again, ${count} recovered` : "Connected again, nothing missed");
    $("state").dataset.news = "";
    clearTimeout(this.#news);
    this.#news = setTimeout(() => { delete $("state").dataset.news; this.#say("Connected"); this.#recovered = null; }, 8000);
  }

  #say(text) {
    if ($("state-text").textContent !== text) $("state-text").textContent = text;
  }
}

// ---- Entrance and exit

const enter = async (name, secret) => {
  const guest = new Guest(name, secret);
  await guest.token(false);
  remember("name", name);
  remember("guest", secret);
  new Chat(guest).start();
};

const leave = () => {
  remember("name", null);
  remember("guest", null);
  location.reload();
};

const showEntrance = (trouble = "") => {
  $("entrance").hidden = false;
  $("name-trouble").textContent = trouble;
  $("name").focus();
};

$("enter").onsubmit = async (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  const button = event.submitter ?? $("enter").querySelector("button");
  if (!name) return showEntrance("Please tell a name.");
  button.disabled = true;
  await enter(name, newSecret()).catch((error) => showEntrance(error.message));
  button.disabled = false;
};

const [name, secret] = [remembered("name"), remembered("guest")];
if (name && secret) enter(name, secret).catch((error) => { $("name").value = name; showEntrance(error.message); });
else showEntrance();
