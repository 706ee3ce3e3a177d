"""A certificate to sign files with, and the one that vouches for it, made for a test."""

import datetime
from pathlib import Path
from typing import Any


def write(folder: Path, *, password: bytes | None = None, ends_itself: bool = False) -> Path:
    """`certificate.pem` and `key.pem` in `folder`; one that `ends_itself` nobody else vouches for."""
    from cryptography.hazmat.primitives import serialization as pem

    root = _pair("Root", None)
    own, key = root if ends_itself else _pair("Somebody", root)
    chain = [own] if ends_itself else [own, root[0]]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "certificate.pem").write_bytes(
        b"".join(each.public_bytes(pem.Encoding.PEM) for each in chain)
    )
    hidden = pem.BestAvailableEncryption(password) if password else pem.NoEncryption()
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.PKCS8, hidden)
    )
    return folder


def _pair(name: str, issuer: Any) -> tuple[Any, Any]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tests"),
        ]
    )
    above, above_key = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    is_root = issuer is None
    usage = dict.fromkeys(_USAGES, False) | {"digital_signature": True}
    usage |= {"key_cert_sign": is_root, "crl_sign": is_root}
    made = (
        x509.CertificateBuilder(above, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(above_key.public_key()), False
        )
        .add_extension(x509.KeyUsage(**usage), critical=True)
    )
    if not is_root:
        made = made.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False
        )
    return made.sign(above_key, hashes.SHA256()), key


_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
    "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip
