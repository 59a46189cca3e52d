"""What PromQL asks for: the metrics, and what is done to them. For tests that hold dashboards, rules and runbooks to ops/metrics.md."""

import re
from pathlib import Path

import promql_parser as promql

ROOT = Path(__file__).resolve().parents[2]
# What Prometheus itself adds.
OWN = {"up", "ALERTS", "scrape_samples_scraped", "scrape_duration_seconds"}
COUNTING = {"rate", "irate", "increase", "resets"}
SCRAPE_SECONDS = 15


class Family:
    """One row of ops/metrics.md."""

    def __init__(self, name, kind, labels):
        self.name, self.kind = name, kind
        self.labels = {}
        for part in filter(None, (part.strip() for part in labels.split(";"))):
            label, colon, values = part.partition(":")
            # Of open lists, as "version, commit", only the names are known.
            for known in [label] if colon else part.split(", "):
                self.labels[known.strip()] = values.strip().split(", ") if colon and " " not in values.split(",")[0].strip() else None

    @property
    def samples(self):
        return [f"{self.name}_{part}" for part in ("bucket", "sum", "count")] if self.kind == "histogram" else [self.name]


def families():
    """Name to family, of everything that the relay exposes."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([^|]*) \|", (ROOT / "ops/metrics.md").read_text(), re.M)
    return {name: Family(name, kind, labels) for name, kind, labels in rows}


FAMILIES = families()
SAMPLES = {sample: family for family in FAMILIES.values() for sample in family.samples}


def filled(expression):
    """An expression of a dashboard, with its variables in place."""
    for name, value in (("$__rate_interval", "1m"), ("$job", ".+"), ("$instance", ".+"), ("$quantile", "0.99")):
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression


def children(node):
    for name in ("lhs", "rhs", "expr", "vector_selector"):
        child = getattr(node, name, None)
        if child is not None:
            yield child
    if isinstance(node, promql.Call):
        yield from node.args


def nodes(node):
    yield node
    for child in children(node):
        yield from nodes(child)


def selectors(node):
    return [each for each in nodes(node) if isinstance(each, promql.VectorSelector)]


def metric(selector):
    """The name, also of {__name__="…"}; None for one that takes many."""
    return selector.name or None


def metrics(expression):
    return {name for name in (metric(each) for each in selectors(promql.parse(filled(expression)))) if name}


def keeps_le(node):
    """Whether the buckets come through to histogram_quantile."""
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    if isinstance(node, promql.AggregateExpr):
        kind = str(node.modifier.type) if node.modifier else ""
        labels = node.modifier.labels if node.modifier else []
        return ("By" in kind) == ("le" in labels) and bool(kind) and keeps_le(node.expr)
    return True


def complaints(expression, recorded=()):
    """What is wrong with an expression, in words."""
    found = []
    tree = promql.parse(filled(expression))
    for selector in selectors(tree):
        name = metric(selector)
        if name is None:
            continue
        if name not in SAMPLES and name not in OWN and name not in recorded:
            found.append(f"{name} is not exposed")
        labels = (SAMPLES[name].labels if name in SAMPLES else None)
        for matcher in selector.matchers.matchers:
            if labels is None or matcher.name in ("job", "instance", "__name__"):
                continue
            if matcher.name == "le" and name.endswith("_bucket"):
                continue
            if matcher.name not in labels:
                found.append(f"{name} has no label {matcher.name}")
            elif labels[matcher.name]:
                # What has a dot is a pattern, or an event.
                unknown = [value for value in matcher.value.split("|") if value not in [*labels[matcher.name], ""] and "." not in value]
                found += [f"{name}: {matcher.name} is never {value}" for value in unknown]
    for node in nodes(tree):
        if isinstance(node, promql.MatrixSelector):
            if node.range.total_seconds() < 4 * SCRAPE_SECONDS:
                found.append(f"a window of {node.range}, of which four scrapes must fit in: {expression}")
        if isinstance(node, promql.Call):
            names = [metric(each) for argument in node.args for each in selectors(argument)]
            if node.func.name in COUNTING:
                found += [f"{node.func.name} of {name}, which is no counter" for name in names
                          if name in SAMPLES and SAMPLES[name].kind not in ("counter", "histogram")]
            if node.func.name == "histogram_quantile" and not keeps_le(node.args[1]):
                found.append(f"le is lost under histogram_quantile: {expression}")
    return found


def expected_series(expression):
    """How many series must come back from one relay, where that follows from ops/metrics.md; None where it does not."""
    node = promql.parse(filled(expression))
    while isinstance(node, promql.ParenExpr):
        node = node.expr
    if any(isinstance(each, promql.BinaryExpr) for each in nodes(node)):
        return None
    if isinstance(node, promql.AggregateExpr):
        labels = set(node.modifier.labels) if node.modifier else set()
    elif isinstance(node, (promql.VectorSelector, promql.Call)):
        labels = None
    else:
        return None
    selector = selectors(node)[0]
    family = SAMPLES.get(metric(selector))
    foreign = [each for each in selector.matchers.matchers if each.name not in ("job", "instance")]
    if family is None or foreign or any(isinstance(each, promql.Call) and each.func.name == "histogram_quantile" for each in nodes(node)):
        return None
    count = 1
    for label, values in family.labels.items():
        if labels is None or label in labels:
            if values is None:
                return None
            count *= len(values)
    if labels and "le" in labels:
        return None
    return count
