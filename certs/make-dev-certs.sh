#!/usr/bin/env bash
# Makes certificates for development and tests: a CA of each kind, and a leaf of each kind for localhost.
#
#   make-dev-certs.sh DIRECTORY
#
#   ca.pem                        both CAs, for clients to trust
#   server.pem server.key         ECDSA P-256, signed by the ECDSA CA
#   server-rsa.pem server-rsa.key RSA 2048, signed by the RSA CA (some test tools want RSA all the way)
#
# Run it as often as you like: it touches only what is missing, does not fit, or has less than 7 days left.
# Files are replaced whole, so a server may reload at any moment. Keys are readable by their owner only.
set -euo pipefail
umask 077

renew_below=$((7 * 86400))
ca_days=3650
leaf_days=90 # short on purpose: who develops for a year sees a renewal

if [[ $# -ne 1 || -z $1 ]]; then
    echo "usage: $0 DIRECTORY" >&2
    exit 64
fi
mkdir -p -- "$1"
cd -- "$1"

# A key in version control is a key published.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1 && ! git check-ignore -q server.key; then
    echo "$PWD is tracked by git: choose a directory that is not" >&2
    exit 73
fi

exec 9>.lock
flock 9
work=$(mktemp -d .work.XXXXXX)
trap 'rm -rf -- "$work"' EXIT

new_key() { # KIND FILE
    case $1 in
    ecdsa) openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$2" ;;
    rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$2" ;;
    esac
}

lasts() { # CERTIFICATE SECONDS
    [[ -s $1 ]] && openssl x509 -in "$1" -noout -checkend "$2" >/dev/null 2>&1
}

fits() { # CERTIFICATE KEY
    [[ -s $2 ]] && cmp -s <(openssl x509 -in "$1" -noout -pubkey) <(openssl pkey -in "$2" -pubout 2>/dev/null)
}

authority() { # KIND
    local name=ca-$1
    if lasts "$name.pem" "$((leaf_days * 86400 + renew_below))" && fits "$name.pem" "$name.key"; then return; fi
    new_key "$1" "$work/key"
    openssl req -x509 -new -key "$work/key" -sha256 -days "$ca_days" -subj "/CN=Belfry development CA ($1)" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out "$work/pem"
    mv -- "$work/key" "$name.key"
    mv -- "$work/pem" "$name.pem"
}

leaf() { # KIND NAME
    local ca=ca-$1
    if lasts "$2.pem" "$renew_below" && fits "$2.pem" "$2.key" &&
        openssl verify -CAfile "$ca.pem" "$2.pem" >/dev/null 2>&1; then return; fi
    cat >"$work/extensions" <<EOF
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1
EOF
    new_key "$1" "$work/key"
    openssl req -new -key "$work/key" -subj "/CN=localhost" -out "$work/request"
    openssl x509 -req -in "$work/request" -CA "$ca.pem" -CAkey "$ca.key" -set_serial "0x01$(openssl rand -hex 15)" \
        -sha256 -days "$leaf_days" -extfile "$work/extensions" -out "$work/pem" 2>/dev/null
    mv -- "$work/key" "$2.key"
    mv -- "$work/pem" "$2.pem"
}

authority ecdsa
authority rsa
leaf ecdsa server
leaf rsa server-rsa
cat ca-ecdsa.pem ca-rsa.pem >"$work/ca"
cmp -s "$work/ca" ca.pem || mv -- "$work/ca" ca.pem
chmod 600 ./*.key
