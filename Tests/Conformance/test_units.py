"""The tests of units.py, each under its own name: they run together, in one container with a real systemd."""

import ast
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NAMES = [node.name for node in ast.parse((HERE / "units.py").read_text()).body
         if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
MARK = "---- report ----"


@pytest.fixture(scope="module")
def outcomes():
    """What became of each test: nothing, or why it failed."""
    script = (
        f"'{sys.executable}' -m pytest -q -p no:cacheprovider --tb=short --durations=12 --junitxml=/report.xml "
        f"--override-ini=junit_logging=all '{HERE}/units.py'; echo '{MARK}'; cat /report.xml")
    ran = subprocess.run([HERE / "nspawn.sh", "bash", "-c", script], capture_output=True, text=True)
    log, _, report = ran.stdout.partition(MARK)
    print(log[-20_000:], ran.stderr[-4_000:])
    assert report.strip(), f"the container gave no report (status {ran.returncode}):\n{log[-4000:]}{ran.stderr[-4000:]}"
    outcomes = {}
    for case in ElementTree.fromstring(report.strip()).iter("testcase"):
        name = re.sub(r"\[.*", "", case.get("name"))
        troubles = [part.text for kind in ("failure", "error", "skipped") for part in case.iter(kind)]
        outcomes.setdefault(name, []).extend(troubles)
        for output in case.iter("system-out"):
            print(f"{name}: {output.text}")
    return outcomes


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_under_a_real_systemd(name, outcomes):
    assert name in outcomes, "it did not run"
    assert not outcomes[name], "\n".join(outcomes[name])
