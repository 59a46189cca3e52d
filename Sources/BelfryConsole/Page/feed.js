// The figures' way here: /status once, then /status/stream. When that ends it is opened again by the browser, with what was
// seen last; when the relay refuses it (too many follow), the page asks for /status itself.

const STALE = 4000; // milliseconds without news; a second is usual
const ASK_EVERY = 5000;

class Feed {
  constructor(take) {
    this.take = take;
    this.points = [];
    this.heard = 0;
    this.opens = 0;
    this.follow();
    setInterval(() => this.check(), 1000);
  }

  follow() {
    this.source = new EventSource("/status/stream");
    this.source.addEventListener("open", () => {
      this.opens += 1;
      this.load();
    });
    this.source.addEventListener("gap", () => this.load());
    this.source.addEventListener("status", (event) => {
      this.hear(JSON.parse(event.data));
    });
    this.load();
  }

  /** Everything, the last ten minutes included. */
  async load() {
    this.asked = Date.now();
    const status = await ask("/status");
    if (!status) return;
    this.points = status.history.points;
    this.hear(status);
  }

  hear(status) {
    // An answer that was under way while a later event came is no news.
    if (this.uptime > status.uptime && this.heard && Date.now() - this.heard < STALE) return;
    this.uptime = status.uptime;
    this.heard = Date.now();
    const newest = this.points.at(-1)?.time ?? 0;
    if (status.point && status.point.time > newest) this.points = [...this.points, status.point].slice(-120);
    this.take(status, this.points);
    this.tell();
  }

  check() {
    if (this.source.readyState === EventSource.CLOSED && Date.now() - this.asked >= ASK_EVERY) {
      this.tries = (this.tries ?? 0) + 1;
      if (this.tries % 6 === 0) this.follow();
      else this.load();
    }
    this.tell();
  }

  tell() {
    const age = Date.now() - this.heard;
    const isStale = age > STALE + (this.source.readyState === EventSource.CLOSED ? ASK_EVERY : 0);
    const link = byId("link");
    link.hidden = false;
    link.dataset.link = !this.heard ? "waiting" : isStale ? "stale" : "live";
    byId("console").classList.toggle("stale", this.heard > 0 && isStale);
    setText(byId("link-text"), !this.heard ? "connecting" : isStale ? "no news" : "live");
    setText(byId("link-age"), this.heard && isStale ? ` for ${span(age / 1000)}` : "");
    // "All is well" of a minute ago would be a lie.
    if (this.heard && isStale) showSilence(this.heard);
  }
}
