#!/bin/bash
# Autobahn's fuzzing client against belfry-echo, over TLS: none of its cases may be bad.
#
#   Tests/Conformance/autobahn.sh [--long] [case ...]        for example '6.*'
#
# RFC 6455 has 301 cases. RFC 7692, compression, has 216 (12.* and 13.*) of a thousand messages each: of those a share goes
# with every run that has each kind of payload, each set of parameters and each size, and all of them with --long.
#
# Autobahn is Python 2 and published nowhere else. It is installed once into .build/autobahn (BELFRY_AUTOBAHN_DIR) and
# needs Python 2.7: from PATH or pyenv, or named by PYTHON27. Its report stays in .build/autobahn/report.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
directory=$(realpath -m "${BELFRY_AUTOBAHN_DIR:-.build/autobahn}")
echo_server=${BELFRY_BIN:-.build/release}/belfry-echo
# Kinds of payload (12), parameters (13); the last number is the size.
compressed=(12.1.1 12.1.5 12.1.12 12.2.2 12.2.6 12.3.3 12.3.13 12.4.4 12.4.14 12.5.7 12.5.11
    13.1.1 13.1.15 13.2.2 13.2.16 13.3.3 13.3.8 13.4.4 13.5.5 13.5.17 13.6.6 13.7.1 13.7.18)
expected=$((301 + ${#compressed[@]}))
if [[ ${1:-} == --long ]]; then
    shift
    compressed=('12.*' '13.*')
    expected=517
fi
cases=("$@")
if ((${#cases[@]})); then
    expected=1
else
    cases=('1.*' '2.*' '3.*' '4.*' '5.*' '6.*' '7.*' '9.*' '10.*' "${compressed[@]}")
fi

find_python() {
    local candidate
    for candidate in "${PYTHON27:-}" python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7*/bin/python2.7; do
        [[ -n $candidate ]] && "$candidate" -c 'import sys, ssl, zlib; sys.exit(sys.version_info[:2] != (2, 7))' 2>/dev/null &&
            { echo "$candidate"; return; }
    done
    return 1
}

install_autobahn() {
    local python=$1
    rm -rf "$directory/env" "$directory/boot"
    mkdir -p "$directory"
    cat >"$directory/pins.txt" <<'PINS'
setuptools==44.0.0
wheel==0.36.2
incremental==16.10.1
cryptography==3.3.2
pyOpenSSL==19.1.0
txaio==2.1.0
Twisted==19.10.0
zope.interface==4.6.0
jinja2==2.11.3
markupsafe==1.1.1
Werkzeug==1.0.1
klein==17.10.0
service_identity==18.1.0
unittest2==1.1.0
six==1.16.0
autobahn==0.10.9
PINS
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_PYTHON_VERSION_WARNING=1
    "$python" -m pip install -q --target "$directory/boot" virtualenv==20.15.1
    PYTHONPATH=$directory/boot "$python" -m virtualenv -q "$directory/env"
    local pip="$directory/env/bin/pip"
    "$pip" install -q setuptools==44.0.0 wheel==0.36.2 incremental==16.10.1 cryptography==3.3.2 pyOpenSSL==19.1.0
    "$pip" install -q --no-build-isolation Twisted==19.10.0 -c "$directory/pins.txt"
    "$pip" install -q --no-build-isolation autobahntestsuite==25.10.1 -c "$directory/pins.txt"
    touch "$directory/installed"
}

[[ -x $echo_server ]] || { echo "$0: $echo_server is missing: swift build -c release" >&2; exit 69; }
if [[ ! -e $directory/installed ]]; then
    python=$(find_python) || {
        echo "$0: Autobahn needs Python 2.7 with ssl and zlib, and there is none: pyenv install 2.7.18" >&2
        exit 69
    }
    echo "Installing Autobahn with $python"
    mkdir -p "$directory"
    install_autobahn "$python" >"$directory/install.log" 2>&1 || { tail -30 "$directory/install.log" >&2; exit 69; }
fi

work=$(mktemp -d)
server=
finish() {
    [[ -z $server ]] || kill "$server" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

certs/make-dev-certs.sh "$work/certs"
read -r port side < <(python3 - <<'PYTHON'
import socket
sockets = [socket.socket() for _ in range(2)]
for each in sockets:
    each.bind(("127.0.0.1", 0))
print(*(each.getsockname()[1] for each in sockets))
PYTHON
)
cat >"$work/echo.yaml" <<YAML
server: {listen: ["127.0.0.1:$port"], drain: 1s}
tls: {certificate: certs/server.pem, private_key: certs/server.key}
auth: {hmac_secret: "not used by the echo server, which asks for no token"}
client: {origins: ["*"], compression: {enabled: true}}
limits: {enabled: false}
side_port: {listen: "127.0.0.1:$side"}
journal: {mode: stderr}
YAML
# The tests' own variables begin like the server's, which refuses those it does not know.
mapfile -t own < <(compgen -e BELFRY_ | sed 's/^/--unset=/')
env "${own[@]}" "$echo_server" --config "$work/echo.yaml" >"$directory/echo.log" 2>&1 &
server=$!
for ((attempt = 0; attempt < 200; attempt++)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$side") 2>/dev/null && break
    kill -0 "$server" 2>/dev/null || { cat "$directory/echo.log" >&2; exit 70; }
    sleep 0.05
done

rm -rf "$directory/report"
python3 - "$work/spec.json" "$directory/report" "$port" "${cases[@]}" <<'PYTHON'
import json, sys
path, report, port, *cases = sys.argv[1:]
json.dump({"outdir": report, "cases": cases, "exclude-cases": [], "exclude-agent-cases": {}, "servers": [{
    "agent": "belfry", "url": f"wss://localhost:{port}/connection/websocket", "hostname": "localhost",
    "protocols": ["centrifuge-json"]}]}, open(path, "w"))
PYTHON
# Given a host name, the client checks the certificate.
(cd "$directory" && SSL_CERT_FILE=$work/certs/ca.pem env/bin/wstest -m fuzzingclient -s "$work/spec.json") >"$directory/wstest.log" 2>&1 ||
    { tail -30 "$directory/wstest.log" >&2; exit 1; }

# wstest ends with 0 whatever happened.
python3 - "$directory/report/index.json" "$expected" <<'PYTHON'
import json, sys
cases = next(iter(json.load(open(sys.argv[1])).values()))
good = ("OK", "INFORMATIONAL")
bad = {name: (case["behavior"], case["behaviorClose"]) for name, case in cases.items()
       if case["behavior"] not in good or case["behaviorClose"] not in good}
for name, verdict in sorted(bad.items()):
    print("case", name, *verdict)
print(f"Autobahn: {len(cases)} cases, {len(bad)} bad")
sys.exit(bool(bad) or len(cases) < int(sys.argv[2]))
PYTHON

kill -TERM "$server"
wait "$server" || { echo "belfry-echo ended with $?" >&2; tail -5 "$directory/echo.log" >&2; exit 1; }
server=
