"""Issuers of tokens: signing keys of every kind, and a real HTTPS server that publishes them, or misbehaves."""

import http.server
import json
import ssl
import threading
import time

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tokens import expiry, part


def number(value, length=None):
    return part(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Key:
    """One signing key and its JWK."""

    def __init__(self, kid, algorithm="ES256"):
        self.kid, self.algorithm = kid, algorithm
        self.private = {
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "RS256": lambda: rsa.generate_private_key(65537, 2048),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[algorithm]()

    @property
    def jwk(self):
        public = self.private.public_key()
        head = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "EdDSA":
            x = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
            return head | {"kty": "OKP", "crv": "Ed25519", "x": part(x)}
        numbers = public.public_numbers()
        if self.algorithm == "RS256":
            return head | {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        return head | {"kty": "EC", "crv": "P-256", "x": number(numbers.x, 32), "y": number(numbers.y, 32)}

    def sign(self, data):
        if self.algorithm == "EdDSA":
            return self.private.sign(data)
        if self.algorithm == "RS256":
            return self.private.sign(data, padding.PKCS1v15(), SHA256())
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def token(self, user="ada", ttl=3600, header=(), **claims):
        head = {"alg": self.algorithm, "kid": self.kid} | dict(header)
        signed = f"{part(head)}.{part({'sub': user, 'exp': expiry(ttl)} | claims)}"
        return f"{signed}.{part(self.sign(signed.encode()))}"


class Issuer:
    """An HTTPS server on the loopback that publishes a JWK set; `answer` may be replaced by anything else."""

    def __init__(self, certificates, *keys, tls=True, name="server"):
        self.keys, self.requests = list(keys), []
        self.answer = Issuer.publish
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self):
                issuer.requests.append(time.monotonic())
                issuer.answer(issuer, self)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # the relay hangs up on what it does not trust, or has enough of

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if tls else 'http'}://localhost:{self.port}/jwks"
        self.authority = str(certificates / "ca.pem")
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def source(self):
        """As `auth.jwks` names it."""
        return {"url": self.url, "ca": self.authority} if self.url.startswith("https") else {"url": self.url}

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # What it may answer

    def publish(self, handler):
        self.say(handler, json.dumps({"keys": [key.jwk for key in self.keys]}).encode())

    def say(self, handler, body, status=200, **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
