"""Everybody else in the story: a certificate authority, the issuer of tokens, and recipients that check every
signature and remember what they were told."""

import base64
import datetime
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from standardwebhooks import Webhook

ISSUER = "https://issuer.example.com"
RECIPIENT = "https://recipient.example.com"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Certificates:
    """An authority of our own, and one certificate for both names."""

    def __init__(self, folder):
        self.authority = folder / "authority.pem"
        self.server = folder / "server.pem"
        root, host = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "the authority of the story")])
        self.root = self._sign(root, name, root.public_key(), name, x509.BasicConstraints(ca=True, path_length=0))
        names = [x509.DNSName(url.removeprefix("https://")) for url in (ISSUER, RECIPIENT)]
        certificate = self._sign(root, name, host.public_key(), x509.Name([]), x509.SubjectAlternativeName(names))
        self.authority.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
        key = host.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.server.write_bytes(key + certificate.public_bytes(serialization.Encoding.PEM))

    def der(self):
        return self.root.public_bytes(serialization.Encoding.DER)

    @staticmethod
    def _sign(signer, issuer, key, subject, extension):
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number(), now - day, now + day)
        return builder.add_extension(extension, critical=True).sign(signer, hashes.SHA256())


class Party:
    def __init__(self, certificates):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.secrets, self.events = {}, {}
        # Who is out of order, how often somebody was, and whose signature was no good.
        self.broken, self.turned_away, self.refused = set(), 0, []
        party = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(200, party.published(self.path))

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.answer(party.told(self.path.strip("/"), self.headers, body), {})

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 443), Door)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificates.server)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    # The issuer.

    def published(self, path):
        if path == "/.well-known/openid-configuration":
            return {"issuer": ISSUER, "jwks_uri": ISSUER + "/jwks.json"}
        numbers = self.key.public_key().public_numbers()
        modulus = base64url(numbers.n.to_bytes(256, "big"))
        return {"keys": [{"kid": "story", "kty": "RSA", "alg": "RS256", "use": "sig", "n": modulus, "e": "AQAB"}]}

    def token(self, scope, audience):
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": audience, "iat": now - 5, "exp": now + 600, "sub": "story", "scope": scope}
        parts = [{"alg": "RS256", "typ": "JWT", "kid": "story"}, claims]
        signed = ".".join(base64url(json.dumps(part).encode()) for part in parts)
        return signed + "." + base64url(self.key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))

    # The recipients.

    def told(self, name, headers, body):
        if name in self.broken:
            self.turned_away += 1
            # A failure of this one request. A 503 would have everyone wait for a minute.
            return 500
        try:
            Webhook(self.secrets[name]).verify(body, dict(headers))
        except Exception as refusal:
            self.refused.append(f"{name}: {refusal!r}")
            return 400
        self.events.setdefault(name, []).append(json.loads(body)["data"])
        return 200

    def was_told(self, name):
        return name in self.events

    def holds(self, name):
        """What the newest event says that it may hold."""
        newest = max(self.events.get(name, []), key=lambda event: event["sequence"], default=None)
        return newest and newest["holds"]["categories"]

    def content(self, name):
        content = {}
        for event in sorted(self.events.get(name, []), key=lambda event: event["sequence"]):
            for change in event["changes"]:
                content |= change.get("content", {})
        return content
