"""The benchmarks drive the relay with the tools of the conformance tests."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Conformance"))

from relay import ROOT  # noqa: E402


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "certs/make-dev-certs.sh", directory], check=True)
    return directory
