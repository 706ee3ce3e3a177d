"""The same over TLS, which is how every download but those of this computer comes."""

import datetime
import ipaddress
import ssl
from pathlib import Path

import pytest

from studio.downloads import hub as hub_module
from studio.downloads import online
from tests.downloads.hub_server import World, running
from tests.downloads.weights import PATIENCE, interrupted_at, weights

x509 = pytest.importorskip("cryptography.x509")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that it signed itself, and its key, in one file."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def encrypted(world: World, certificate: Path, monkeypatch):
    """The hub of the tests behind TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    made = World(world.repos)
    with running(made, context):
        monkeypatch.setattr(hub_module, "ENDPOINT", made.hub)
        yield made


def test_a_certificate_that_nobody_vouches_for_ends_it(run, encrypted: World):
    done = run("library", "download", "codec", "--yes")
    assert done.code == 2
    assert "cannot be reached: " in done.err
    assert "CERTIFICATE_VERIFY_FAILED" in done.err
    assert not encrypted.asked


@pytest.mark.usefixtures("listening")
def test_a_download_over_tls_is_stopped_at_once_and_goes_on(
    run, encrypted: World, certificate, monkeypatch, data
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    encrypted.stalls = 2**17
    monkeypatch.setattr(online, "READ", 10 * PATIENCE)
    half = data / "models" / ".downloads" / "codec" / "vae" / "codec.safetensors.part"
    done, took = interrupted_at(half, 2**17, lambda: run("library", "download", "codec", "--yes"))
    assert done.code == 130, done.err
    assert took < PATIENCE / 2  # the read alone would wait for far longer
    encrypted.stalls = None
    assert run("library", "download", "codec", "--yes").code == 0
    assert encrypted.of(encrypted.cdn)[-1].range == f"bytes={2**17}-"
    file = data / "models" / "codec" / "vae" / "codec.safetensors"
    assert file.read_bytes() == weights(2**18, seed=1)
