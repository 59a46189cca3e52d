"""JSON Web Tokens made by hand: a library would refuse to make the wrong ones."""

import base64
import hashlib
import hmac
import json
import time

DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def part(value):
    data = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(secret, claims, header=None, algorithm="HS256"):
    """A token of `claims` (an object, or raw bytes) under the secret's bytes."""
    head = {"alg": algorithm, "typ": "JWT"} if header is None else header
    signed = f"{part(head)}.{part(claims)}"
    digest = hmac.new(secret, signed.encode(), DIGESTS[algorithm]).digest()
    return f"{signed}.{part(digest)}"


def expiry(seconds):
    return int(time.time()) + seconds
