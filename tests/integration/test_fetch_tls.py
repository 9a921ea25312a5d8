"""Pinning the address changes nothing about trust: the certificate has to hold the host's name."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fetch_servers import PUBLIC, Page, World, serving

from app.domain.errors import FetchFailed, UrlRefused
from workers.web import fetch

pytestmark = pytest.mark.usefixtures("kept_inside")


class Authority:
    """A certificate authority of a test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self._certificate = self._sign(self._name, self._key, [], days=1, is_authority=True)

    def server(self, *hosts: str, days: int = 1) -> ssl.SSLContext:
        """Return what a server with a certificate for these hosts needs; negative days = it has expired."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(x509.Name([]), key, list(hosts), days=days)
        file = self._folder / "server.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(file)
        return context

    def trusted(self) -> ssl.SSLContext:
        """Return the context of a client that trusts this authority alone."""
        return ssl.create_default_context(cadata=self._certificate.public_bytes(serialization.Encoding.PEM).decode())

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        hosts: list[str],
        *,
        days: int,
        is_authority: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        names = [x509.IPAddress(ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in hosts]
        made = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=True)
        if is_authority:
            made = made.add_extension(
                x509.KeyUsage(
                    digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                    key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
                    decipher_only=False,
                ),
                critical=True,
            )  # fmt: skip
        return made.sign(self._key, hashes.SHA256())


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def got(world: World, url: str = "https://news.example/a") -> fetch.Fetched:
    return fetch.get(url, accept=(), max_bytes=1000, timeout_s=10, outside=world.outside)


def test_the_name_in_tls_and_in_the_request_is_the_hosts_though_the_connection_is_pinned(authority: Authority) -> None:
    with serving({"/a": Page(b"safe")}, tls=authority.server("news.example")) as site:
        world = World({PUBLIC: site}, trust=authority.trusted)
        assert got(world).body == b"safe"

    assert world.connected == [(PUBLIC, 443)]
    assert site.server_names == ["news.example"]
    assert site.asked[0][1]["host"] == "news.example"


def test_a_host_in_another_script_is_named_in_ascii(authority: Authority) -> None:
    with serving({"/a": Page(b"safe")}, tls=authority.server("xn--bcher-kva.example")) as site:
        assert got(World({PUBLIC: site}, trust=authority.trusted), "https://bücher.example./a").body == b"safe"
    assert site.server_names == ["xn--bcher-kva.example"]


def test_an_address_is_trusted_when_its_certificate_holds_it(authority: Authority) -> None:
    with serving({"/a": Page(b"safe")}, tls=authority.server(PUBLIC)) as site:
        assert got(World({PUBLIC: site}, trust=authority.trusted), f"https://{PUBLIC}/a").body == b"safe"


@pytest.mark.parametrize("held", ["other.example", PUBLIC, "127.0.0.1", "*.news.example"])
def test_a_certificate_for_anything_but_the_host_is_refused_also_one_for_its_address(
    authority: Authority, held: str
) -> None:
    with serving({"/a": Page()}, tls=authority.server(held)) as site, pytest.raises(FetchFailed) as told:
        got(World({PUBLIC: site}, trust=authority.trusted))
    assert (told.value.code, told.value.permanent) == ("fetch_failed:certificate", True)
    assert site.asked == []


def test_a_certificate_that_has_expired_is_refused(authority: Authority) -> None:
    with serving({"/a": Page()}, tls=authority.server("news.example", days=-1)) as site:
        with pytest.raises(FetchFailed) as told:
            got(World({PUBLIC: site}, trust=authority.trusted))
        assert told.value.code == "fetch_failed:certificate"


def test_a_certificate_that_nobody_known_has_signed_is_refused(authority: Authority) -> None:
    """With the trust that the product uses."""
    with serving({"/a": Page()}, tls=authority.server("news.example")) as site:
        with pytest.raises(FetchFailed) as told:
            got(World({PUBLIC: site}))
        assert told.value.code == "fetch_failed:certificate"
    assert site.asked == []


def test_a_machine_that_speaks_no_tls_may_be_asked_again(authority: Authority) -> None:
    with serving({"/a": Page()}) as site:
        with pytest.raises(FetchFailed) as told:
            got(World({PUBLIC: site}, trust=authority.trusted))
        assert (told.value.code, told.value.permanent) == ("fetch_failed:unreachable", False)


def test_each_redirect_is_verified_with_its_own_name(authority: Authority) -> None:
    moved = Page(b"", 302, headers={"location": "https://other.example/b"})
    tls = authority.server("news.example")
    with serving({"/a": moved, "/b": Page()}, tls=tls) as site, pytest.raises(FetchFailed) as told:
        got(World({PUBLIC: site}, trust=authority.trusted))
    assert told.value.code == "fetch_failed:certificate"
    assert site.paths == ["/a"]


def test_a_redirect_from_https_to_http_is_refused_and_the_other_way_is_not(authority: Authority) -> None:
    down = Page(b"", 302, headers={"location": "http://news.example/b"})
    with serving({"/a": down, "/b": Page(b"safe")}, tls=authority.server("news.example")) as site:
        world = World({PUBLIC: site}, trust=authority.trusted)
        with pytest.raises(UrlRefused) as told:
            got(world)
        assert told.value.code == "url_refused:downgrade"
        assert world.connected == [(PUBLIC, 443)]

        up = Page(b"", 301, headers={"location": "https://news.example/b"})
        with serving({"/a": up}) as plain:
            both = World({PUBLIC: site, "1.1.1.1": plain}, {"news.example": [["1.1.1.1"], [PUBLIC]]}, authority.trusted)
            assert got(both, "http://news.example/a").body == b"safe"
