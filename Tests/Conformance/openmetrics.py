#!/usr/bin/env python3
"""Holds a metrics page against the formats it claims to be in.

    openmetrics.py http://127.0.0.1:9300/metrics          asks for both formats and compares them
    openmetrics.py page.om [page.txt]                     the same for saved pages

Needs prometheus_client (PyPI) and promtool (Debian: prometheus). Prints what is wrong and exits 1, or prints one
line and exits 0. Prometheus itself accepts duplicate series and counters without _total, so scraping is no proof;
the parser of prometheus_client is strict but lets duplicates pass, so these are looked for here.
"""

import os
import re
import subprocess
import sys
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
TEXT = "text/plain; version=0.0.4"
# What Prometheus 2.42 sends.
ACCEPT_OPENMETRICS = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
SERIES_MAX = 800
BYTES_MAX = 80_000
SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[^"}]|"(?:\\.|[^"\\])*")*)\})? (\S+)$')
# What may stand behind a bucket, in this format alone.
EXEMPLAR = re.compile(r' # \{conn_id="[0-9a-f-]{36}"\} [0-9.]+ [0-9]+$')

problems = []


def check(condition, text):
    if not condition:
        problems.append(text)


def fetch(url, accept, content_type):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        check(answer.headers["Content-Type"] == content_type, f"Content-Type is {answer.headers['Content-Type']!r}")
        return answer.read().decode("utf-8")


def series_of(page, label):
    """Every series of a page, with a word against any that stands twice or is not a sample at all."""
    seen = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        if label == "openmetrics" and "_bucket{" in line:
            line = EXEMPLAR.sub("", line)
        match = SAMPLE.match(line)
        if not match:
            problems.append(f"{label}: not a sample: {line!r}")
            continue
        key = (match[1], tuple(sorted(re.findall(r'(\w+)="((?:\\.|[^"\\])*)"', match[2] or ""))))
        check(key not in seen, f"{label}: duplicate series {key}")
        seen[key] = match[3]
    return seen


def check_budget(page, series, label):
    check(len(series) <= SERIES_MAX, f"{label}: {len(series)} series, over {SERIES_MAX}")
    check(len(page.encode()) <= BYTES_MAX, f"{label}: {len(page.encode())} bytes, over {BYTES_MAX}")
    check(page.endswith("\n"), f"{label}: no newline at the end")


def check_openmetrics(page):
    try:
        families = list(text_string_to_metric_families(page))
    except ValueError as error:
        problems.append(f"openmetrics: {error}")
        return
    check(len({family.name for family in families}) == len(families), "openmetrics: a family stands twice")
    for family in families:
        check(bool(family.documentation), f"openmetrics: no help for {family.name}")
        check(not family.unit or family.name.endswith("_" + family.unit), f"openmetrics: unit of {family.name}")
    check_metadata_order(page)


def check_metadata_order(page):
    """TYPE, UNIT, HELP, in this order, each at most once, before the samples."""
    rank = {"TYPE": 0, "UNIT": 1, "HELP": 2}
    last = {}
    for line in page.splitlines():
        words = line.split(" ")
        if line.startswith("# ") and words[1] in rank:
            check(rank[words[1]] > last.get(words[2], -1), f"openmetrics: order of metadata of {words[2]}")
            last[words[2]] = rank[words[1]]


def check_text(page):
    check("# EOF" not in page and "# UNIT" not in page, "text: metadata of the other format")
    result = subprocess.run(["promtool", "check", "metrics"], input=page.encode(), capture_output=True, timeout=60)
    words = (result.stdout + result.stderr).decode().strip()
    check(result.returncode == 0 and not words, f"promtool (exit {result.returncode}): {words}")


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    if arguments[0].startswith(("http://", "https://")):
        openmetrics = fetch(arguments[0], ACCEPT_OPENMETRICS, OPENMETRICS)
        text = fetch(arguments[0], "text/plain", TEXT)
    else:
        pages = [open(path, encoding="utf-8", newline="").read() for path in arguments]
        openmetrics, text = pages[0], pages[1] if len(pages) > 1 else None
    found = series_of(openmetrics, "openmetrics")
    check_budget(openmetrics, found, "openmetrics")
    check_openmetrics(openmetrics)
    if text is not None:
        same = series_of(text, "text")
        check_budget(text, same, "text")
        check_text(text)
        check(found.keys() == same.keys(), f"the formats differ in {sorted(found.keys() ^ same.keys())[:5]}")
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{os.path.basename(arguments[0])}: {len(found)} series, {len(openmetrics.encode())} bytes, "
          f"{len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
