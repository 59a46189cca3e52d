#!/usr/bin/env python3
"""Writes the dashboards: `generate.py` writes the JSON beside itself, `generate.py DIRECTORY` writes it there.

Needs grafana-foundation-sdk (Tests/Conformance/requirements.txt pins it): .build/test-venv/bin/python dashboards/generate.py
A test holds the committed files to what this writes.
"""

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from source import delivery, detectors, overview, security, slo

HERE = Path(__file__).resolve().parent


def main(directory):
    register_default_plugins()
    for module in (overview, security, delivery, detectors, slo):
        # Once through Grafana's models, which fill in what the builders leave out: reading the file back gives the same.
        built = json.loads(json.dumps(module.dashboard(), cls=JSONEncoder))
        dashboard = Dashboard.from_json(built)
        text = json.dumps(dashboard, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False)
        (Path(directory) / f"{dashboard.uid}.json").write_text(text + "\n")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else HERE)
