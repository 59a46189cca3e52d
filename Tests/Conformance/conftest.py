"""Fixtures of the conformance tests. Each relay is a process of its own, with free ports and a directory of its own."""

import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from relay import BINARIES, ROOT, Relay  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="large numbers: 4,000 half-open hellos, 1,000 readers")


def pytest_configure(config):
    # A thread that fails silently would make a test green.
    config.addinivalue_line("markers", "long: means something with large numbers only; left out without --long")
    config.addinivalue_line("filterwarnings", "error::pytest.PytestUnhandledThreadExceptionWarning")
    config.addinivalue_line("filterwarnings", "ignore::DeprecationWarning:tlslite")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--long"):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    items[:] = [item for item in items if item not in left_out]
    # Counted in the summary, so that nobody takes them for passed.
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionstart(session):
    for program in ("belfry", "belfry-echo"):
        if not (BINARIES / program).exists():
            pytest.exit(f"{BINARIES / program} is missing: build first, `swift build -c release`", 1)


@pytest.fixture(scope="session")
def is_long(request):
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Development certificates of this run."""
    directory = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "certs/make-dev-certs.sh", directory], check=True)
    return directory


@pytest.fixture
def start(tmp_path_factory, certificates, request):
    """Starts relays; at the end each must be at rest, end with 0, and have written nothing secret."""
    yield from starter(tmp_path_factory, certificates, request)


@pytest.fixture(scope="module")
def start_shared(tmp_path_factory, certificates, request):
    """The same for a module's tables, where each row is one connection."""
    yield from starter(tmp_path_factory, certificates, request)


def starter(tmp_path_factory, certificates, request):
    started = []

    def start(**overrides):
        relay = Relay(tmp_path_factory.mktemp("relay"), certificates, **overrides)
        relay.start()
        started.append(relay)
        return relay

    yield start
    problems = []
    for relay in started:
        try:
            relay.finish()
        except BaseException as error:  # each of them is stopped, whatever the one before did
            problems.append(error)
        print(f"--- output of the relay, last lines\n{relay.tail(25)}")
    if problems:
        raise problems[0]


@pytest.fixture
def relay(start):
    """A relay with everything open that a test may need."""
    return start()
