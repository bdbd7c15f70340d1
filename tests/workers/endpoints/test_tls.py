"""The connection goes to a checked address, but the certificate must carry the name."""

import datetime as dt
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.workers.asking import ask
from tests.workers.conftest import LOOPBACK
from workers.demo.scripted import ScriptedServer
from workers.endpoints import EndpointClients, Untrusted


def certificate(folder: Path, name: str, *others: str) -> Path:
    """Write a certificate for names, signed by itself, and its key; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(each) for each in (name, *others)]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(signed.public_bytes(encoding) + private)
    return file


@pytest.mark.parametrize(("name", "trusted"), [("localhost", True), ("elsewhere.example", False)])
async def test_the_certificate_is_checked_against_the_name(
    tmp_path: Path, name: str, trusted: bool
) -> None:
    file = certificate(tmp_path, name)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)
    trusting = ssl.create_default_context(cafile=file)

    async with (
        ScriptedServer(speed=50, tls=serving) as server,
        EndpointClients(policy=LOOPBACK, tls=trusting) as clients,
    ):
        base_url = server.base_url.replace("127.0.0.1", "localhost")
        if trusted:
            assert (await ask(clients, base_url, "juniper-8b")).text
        else:
            with pytest.raises(Untrusted) as caught:
                await ask(clients, base_url, "juniper-8b")
            assert caught.value.code == "untrusted"
            assert "CERTIFICATE_VERIFY_FAILED" in caught.value.detail
            assert not server.requests
