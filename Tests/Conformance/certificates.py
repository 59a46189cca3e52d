"""Authorities and certificates of clients, made with openssl in a directory of the test run."""

import base64
import hashlib
import ssl
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A certificate authority, and what it has issued."""

    CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")

    def __init__(self, directory, name):
        self.directory, self.name = directory, name
        self.pem, self.key = directory / f"{name}.pem", directory / f"{name}.key"
        openssl("req", "-x509", *self.CURVE, "-days", "1", "-keyout", self.key, "-out", self.pem, "-subj", f"/CN={name}")

    def issue(self, name, purpose="clientAuth", end=None):
        """A certificate that ends tomorrow, or at `end` (YYYYMMDDHHMMSSZ)."""
        directory = self.directory
        request, extensions = directory / f"{name}.csr", directory / f"{name}.ext"
        certificate = Certificate(directory / f"{name}.pem", directory / f"{name}.key")
        openssl("req", "-new", *self.CURVE, "-keyout", certificate.key, "-out", request, "-subj", f"/CN={name}")
        extensions.write_text(f"extendedKeyUsage={purpose}\n")
        if end is None:
            openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial", "-days", "1",
                    "-extfile", extensions, "-out", certificate.pem)
        else:
            # Only `ca` sets an end in the past.
            (directory / "index").write_text("")
            settings = directory / "ca.cnf"
            settings.write_text(
                f"[ca]\ndefault_ca=one\n[one]\ndatabase={directory}/index\nnew_certs_dir={directory}\nrand_serial=yes\n"
                "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
            openssl("ca", "-batch", "-config", settings, "-cert", self.pem, "-keyfile", self.key, "-in", request,
                    "-startdate", "20200101000000Z", "-enddate", end, "-extfile", extensions, "-notext",
                    "-out", certificate.pem)
        return certificate


class Certificate:
    def __init__(self, pem, key):
        self.pem, self.key = pem, key

    @property
    def hash(self):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.pem.read_text())).digest()

    @property
    def thumbprint(self):
        """As `x5t#S256` (RFC 8705, 3.1)."""
        return base64.urlsafe_b64encode(self.hash).rstrip(b"=").decode()

    @property
    def binding(self):
        """The claim `cnf` of a token bound to it."""
        return {"x5t#S256": self.thumbprint}
