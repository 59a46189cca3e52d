// The Centrifuge client protocol in JSON, as far as a chat needs it: one WebSocket, channels that survive it.
//
//   connecting ──connect reply──▶ connected ──closed, silent or offline──▶ waiting ──backoff over──▶ connecting
//       any of them ──a code that says do not come back──▶ stopped
//
// What a channel has seen is its position (offset and epoch). With it the channel asks, after each reconnect, for what was
// published meanwhile: the relay answers with all of it, or says that it can not.

const COMMAND_TIMEOUT = 10_000;
// Beyond its ping interval the relay is given so much time before it is held for gone.
const SILENCE_GRACE = 10_000;
const BACKOFF_FIRST = 500;
const BACKOFF_MAX = 20_000;

/** Close codes after which a client stays away (the SDKs' ranges). */
const isTerminal = (code) => (code >= 3500 && code < 4000) || (code >= 4500 && code < 5000);

/** Full jitter: anything up to the bound, so that a thousand clients do not come back together. */
const backoff = (attempt) => 100 + Math.random() * Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** Math.min(attempt, 10));

class RelayError extends Error {
  constructor(code, message, temporary = false) {
    super(message);
    this.code = code;
    this.temporary = temporary;
  }
}

const disconnected = () => new RelayError(0, "disconnected", true);
const notify = (target, type, detail) => target.dispatchEvent(new CustomEvent(type, { detail }));

/** One connection that comes back. Events: state ({state, reason, retryAt}). */
class Relay extends EventTarget {
  state = "waiting";
  client = null;
  #url;
  #credentials;
  #socket = null;
  #calls = new Map();
  #channels = new Map();
  #lastID = 0;
  /** The relay refused the last token; remembered here, since a new attempt may begin in several ways. */
  #renewsToken = false;
  #attempt = 0;
  #retryTimer = 0;
  #silenceTimer = 0;
  #silence = 0;
  #answersPings = false;

  /**
   * Begins with retry().
   *
   * @param url the wss URL
   * @param credentials async (renew) => token; throws a RelayError, which is final unless it is temporary
   */
  constructor(url, credentials) {
    super();
    this.#url = url;
    this.#credentials = credentials;
    addEventListener("online", () => this.retry());
    addEventListener("offline", () => this.#lose("offline"));
    document.addEventListener("visibilitychange", () => document.hidden || this.state !== "waiting" || this.retry());
  }

  /** Connects now, whatever the backoff says. */
  retry() {
    if (this.state === "connected" || this.state === "connecting") return;
    this.#attempt = 0;
    this.#connect();
  }

  /** Ends the connection for good. */
  stop(reason) {
    this.#drop();
    this.#become("stopped", { reason });
  }

  channel(name) {
    if (!this.#channels.has(name)) this.#channels.set(name, new Channel(this, name));
    return this.#channels.get(name);
  }

  /** A command whose answer is awaited; rejects with a RelayError. */
  call(command) {
    return new Promise((resolve, reject) => {
      if (this.state !== "connected") return reject(disconnected());
      this.send(command, (error, reply) => (error ? reject(error) : resolve(reply)));
    });
  }

  /** A command whose answer is handled before the next line is read: order matters to subscribes. */
  send(command, answered) {
    const line = this.#line(command, answered);
    this.#socket.send(line);
  }

  #line(command, answered) {
    const id = ++this.#lastID;
    const timer = setTimeout(() => this.#lose("no answer"), COMMAND_TIMEOUT);
    this.#calls.set(id, { answered, timer });
    return JSON.stringify({ id, ...command });
  }

  async #connect() {
    clearTimeout(this.#retryTimer);
    this.#become("connecting");
    let token;
    try {
      token = await this.#credentials(this.#renewsToken);
      this.#renewsToken = false;
    } catch (error) {
      if (this.state !== "connecting") return;
      return error.temporary ? this.#wait(error.message) : this.stop(error.message);
    }
    if (this.state !== "connecting" || this.#socket) return;
    const socket = new WebSocket(this.#url, "centrifuge-json");
    this.#socket = socket;
    this.#expectWithin(COMMAND_TIMEOUT);
    socket.onopen = () => this.#greet(token);
    socket.onmessage = (event) => socket === this.#socket && this.#read(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#closed(event);
  }

  /** The connect command and all subscribes travel in one frame. */
  #greet(token) {
    const lines = [this.#line({ connect: { token, name: "belfry-page" } }, (error, result) => this.#greeted(error, result))];
    for (const channel of this.#channels.values()) lines.push(this.#line(...channel.subscription()));
    this.#socket.send(lines.join("\n"));
  }

  #greeted(error, result) {
    if (error) {
      // 109: the token is over; a new one helps.
      if (error.code === 109) this.#renewsToken = true;
      if (error.code === 109) return this.#lose("token expired");
      return error.temporary ? this.#lose(error.message) : this.stop(error.message);
    }
    this.client = result.client;
    this.#answersPings = result.pong === true;
    this.#silence = result.ping ? result.ping * 1000 + SILENCE_GRACE : 0;
    this.#attempt = 0;
    this.#become("connected");
    // Those that were opened while the frame above was under way.
    for (const channel of this.#channels.values()) channel.subscribe();
  }

  #read(text) {
    for (const line of text.split("\n")) {
      if (!line) continue;
      const reply = JSON.parse(line);
      if (reply.id) this.#answer(reply);
      else if (reply.push) this.#channels.get(reply.push.channel)?.receive(reply.push);
      else if (this.#answersPings) this.#socket?.send("{}");
      if (!this.#socket) return;
    }
    this.#expectWithin(this.#silence || COMMAND_TIMEOUT);
  }

  #answer(reply) {
    const call = this.#calls.get(reply.id);
    if (!call) return;
    this.#calls.delete(reply.id);
    clearTimeout(call.timer);
    const { code, message, temporary } = reply.error ?? {};
    if (reply.error) return call.answered(new RelayError(code, message, temporary === true || code < 100));
    call.answered(null, Object.entries(reply).find(([key]) => key !== "id")?.[1] ?? {});
  }

  #closed({ code, reason }) {
    // 3500 is a token that the relay does not believe, perhaps since it has new keys: once more with a new one.
    const renews = code === 3500 || code === 3005;
    if (isTerminal(code) && !(renews && this.#attempt < 3)) return this.stop(reason || `closed with ${code}`);
    this.#renewsToken ||= renews;
    this.#lose(reason || "connection lost");
  }

  #lose(reason) {
    if (this.state === "stopped" || this.state === "waiting") return;
    // First, since the calls that end with the connection would lose it once more.
    this.state = "waiting";
    this.#drop();
    this.#wait(reason);
  }

  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#silenceTimer);
    this.client = null;
    socket?.close(1000);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) {
      clearTimeout(call.timer);
      call.answered(disconnected());
    }
    for (const channel of this.#channels.values()) channel.interrupted();
  }

  #wait(reason) {
    // Without a network the event "online" comes first; but browsers have been wrong about that.
    const delay = navigator.onLine ? backoff(this.#attempt++) : BACKOFF_MAX;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#connect(), delay);
    this.#become("waiting", { reason, retryAt: Date.now() + delay });
  }

  #expectWithin(milliseconds) {
    clearTimeout(this.#silenceTimer);
    this.#silenceTimer = setTimeout(() => this.#lose("the relay is silent"), milliseconds);
  }

  #become(state, detail = {}) {
    this.state = state;
    notify(this, "state", { state, ...detail });
  }
}

/**
 * One channel. Events: joined (first time), recovered ([publications]), lost (what was missed is gone), publication,
 * join, leave, refused (RelayError).
 */
class Channel extends EventTarget {
  isSubscribed = false;
  #isAsking = false;
  #relay;
  #position = null;
  #retryTimer = 0;
  #attempt = 0;

  constructor(relay, name) {
    super();
    this.#relay = relay;
    this.name = name;
  }

  /** Asks now if there is a connection; else the next connect asks. */
  subscribe() {
    clearTimeout(this.#retryTimer);
    if (this.#relay.state !== "connected" || this.isSubscribed || this.#isAsking) return;
    this.#relay.send(...this.subscription());
  }

  publish(data) { return this.#relay.call({ publish: { channel: this.name, data } }); }
  presence() { return this.#relay.call({ presence: { channel: this.name } }); }

  /** The newest publications, oldest first. */
  async history(limit) {
    const { publications } = await this.#relay.call({ history: { channel: this.name, limit, reverse: true } });
    return publications.reverse();
  }

  /** The command, and what to do with its answer. */
  subscription() {
    this.#isAsking = true;
    const wanted = this.#position ? { recover: true, ...this.#position } : {};
    return [{ subscribe: { channel: this.name, ...wanted } }, (error, result) => this.#subscribed(error, result)];
  }

  #subscribed(error, result) {
    this.#isAsking = false;
    if (error) {
      if (error.code === 0) return;
      if (error.temporary) return this.#again();
      return notify(this, "refused", error);
    }
    this.isSubscribed = true;
    this.#attempt = 0;
    const { epoch, offset = 0, publications = [] } = result;
    const hadPosition = this.#position !== null;
    this.#position = result.recoverable ? { epoch, offset: publications.at(-1)?.offset ?? offset } : null;
    if (!hadPosition) return notify(this, "joined");
    notify(this, result.recovered ? "recovered" : "lost", publications);
  }

  #again() {
    this.#retryTimer = setTimeout(() => this.subscribe(), backoff(this.#attempt++));
  }

  receive({ pub, join, leave, unsubscribe }) {
    if (unsubscribe) {
      this.isSubscribed = false;
      // From 2500 on: come back and recover.
      if (unsubscribe.code >= 2500) return this.subscribe();
      return notify(this, "refused", new RelayError(unsubscribe.code, unsubscribe.reason));
    }
    if (!this.isSubscribed) return;
    if (pub) {
      if (pub.offset && this.#position) this.#position.offset = pub.offset;
      notify(this, "publication", pub);
    }
    if (join) notify(this, "join", join.info);
    if (leave) notify(this, "leave", leave.info);
  }

  /** The connection is gone; the position stays. */
  interrupted() {
    clearTimeout(this.#retryTimer);
    this.isSubscribed = false;
  }
}
