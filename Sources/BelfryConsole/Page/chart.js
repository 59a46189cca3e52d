// Small curves of the last ten minutes, drawn as SVG.

const MINUTES = 10;
const HEIGHT = 84;
const PAD = { top: 8, bottom: 4 };

/** The next greater of 1, 2, 2.5, 5 times a power of ten. */
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value * 0.9999);
}

/** One card: a number for now, a sentence, and curves. */
class Card {
  constructor(parent, { id, title, format, series, least = 1 }) {
    Object.assign(this, { format, series, least, points: [], title });
    this.value = make("p", { className: "value" });
    this.note = make("p", { className: "soft note" });
    this.svg = makeSVG("svg", { class: "curve", role: "img" });
    this.reading = make("p", { className: "reading" });
    this.reading.setAttribute("aria-hidden", "true");
    this.card = make("article", { className: "card", id: `card-${id}` }, make("h3", {}, title), this.value, this.note, this.svg, this.reading);
    parent.append(this.card);
    new ResizeObserver(() => this.draw()).observe(this.svg);
    this.svg.addEventListener("pointermove", (event) => this.read(event));
    this.svg.addEventListener("pointerleave", () => this.read(null));
    this.read(null);
  }

  show(value, note) {
    setText(this.value, value);
    setText(this.note, note);
  }

  setPoints(points) {
    this.points = points;
    this.draw();
  }

  draw() {
    const width = this.svg.clientWidth;
    if (!width) return;
    this.width = width;
    const values = this.series.flatMap(({ key }) => this.points.map((point) => point[key] ?? 0));
    const top = roundUp(Math.max(this.least, ...values));
    this.end = this.points.at(-1)?.time ?? 0;
    this.x = (time) => width * (1 + (time - this.end) / (MINUTES * 60));
    const y = (value) => HEIGHT - PAD.bottom - (value / top) * (HEIGHT - PAD.top - PAD.bottom);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.svg.setAttribute("height", HEIGHT);
    this.svg.setAttribute("aria-label", this.summary());
    const grid = [top, top / 2, 0].map((value) => makeSVG("line", { class: "grid", x1: 0, x2: width, y1: y(value), y2: y(value) }));
    const curves = this.series.flatMap((series, place) => this.curve(series, place, y));
    const label = makeSVG("text", { class: "tick", x: 0, y: PAD.top + 11 });
    label.textContent = this.format(top);
    this.mark = makeSVG("line", { class: "mark", y1: 0, y2: HEIGHT, visibility: "hidden" });
    this.svg.replaceChildren(...grid, ...curves, label, this.mark);
  }

  /** A line, and under the first of them an area. A missing value or step is a gap. */
  curve({ key, name }, place, y) {
    const runs = [];
    let last = null;
    for (const point of this.points) {
      if (point[key] === null || point[key] === undefined) {
        last = null;
        continue;
      }
      if (!last || point.time - last > 12) runs.push([]);
      runs.at(-1).push([this.x(point.time), y(point[key])]);
      last = point.time;
    }
    const paths = [];
    for (const run of runs) {
      const line = run.map(([x, height]) => `${x.toFixed(1)},${height.toFixed(1)}`).join(" L");
      if (run.length > 1 && place === 0) {
        const area = `M${run[0][0].toFixed(1)},${y(0)} L${line} L${run.at(-1)[0].toFixed(1)},${y(0)} Z`;
        paths.push(makeSVG("path", { class: "area", d: area }));
      }
      paths.push(run.length > 1
        ? makeSVG("path", { class: `line line-${place}`, d: `M${line}`, "data-series": name })
        : makeSVG("circle", { class: `dot line-${place}`, cx: run[0][0] - 1.5, cy: run[0][1], r: 1.5, "data-series": name }));
    }
    return paths;
  }

  /** What the curves say, for those who do not see them. */
  summary() {
    if (!this.points.length) return `${this.title}: nothing yet`;
    const parts = this.series.map(({ key, name }) => {
      const values = this.points.map((point) => point[key]).filter((value) => Number.isFinite(value));
      if (!values.length) return `${name}: none`;
      return `${name}: now ${this.format(values.at(-1))}, between ${this.format(Math.min(...values))} and ${this.format(Math.max(...values))}`;
    });
    return `${this.title} over the last ten minutes. ${parts.join(". ")}`;
  }

  /** Under the pointer: that moment's values; otherwise the legend. */
  read(event) {
    const names = this.series.map(({ name }, place) => [make("span", { className: `key key-${place}` }), name]);
    let point = null;
    if (event && this.points.length) {
      const at = event.clientX - this.svg.getBoundingClientRect().left;
      const distance = (candidate) => Math.abs(this.x(candidate.time) - at);
      point = this.points.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best));
      this.mark.setAttribute("x1", this.x(point.time));
      this.mark.setAttribute("x2", this.x(point.time));
    }
    this.mark?.setAttribute("visibility", point ? "visible" : "hidden");
    const entries = names.map(([key, name], place) =>
      make("span", {}, key, point ? `${name} ${this.format(point[this.series[place].key])}` : name));
    this.reading.replaceChildren(...entries, make("span", { className: "when" }, point ? clock(point.time * 1000) : ""));
  }
}
