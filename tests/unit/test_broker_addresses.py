"""How Celery is led to Redis: by a socket, by TCP, by TLS with certificates that are checked."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
from celery import Celery
from flower.utils.broker import Broker
from redis import SSLConnection

from app import broker
from harness import forget_settings

PLAIN = "redis://:p%40w@127.0.0.1:1/3"


@pytest.fixture
def app(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """Celery's app, with REDIS_URL as the test's parameter says."""
    monkeypatch.setenv("REDIS_URL", request.param)
    forget_settings()
    broker.forget()
    yield broker.celery()
    monkeypatch.undo()
    forget_settings()
    broker.forget()


@pytest.mark.parametrize(
    "app",
    ["rediss://:p%40w@127.0.0.1:1/3", "rediss://127.0.0.1:1", "rediss://127.0.0.1:1/0?ssl_ca_certs=/etc/ours.pem"],
    indirect=True,
)
def test_tls_checks_certificates_whoever_of_celery_connects(app: Celery) -> None:
    results = app.backend.connparams
    with app.connection_for_write() as messages:
        flower = Broker(messages.as_uri(include_password=True), broker_use_ssl=app.conf.broker_use_ssl)

    assert results["connection_class"] is SSLConnection
    assert results["ssl_cert_reqs"] is ssl.CERT_REQUIRED
    assert messages.ssl["ssl_cert_reqs"] is ssl.CERT_REQUIRED
    assert flower.redis.connection_pool.make_connection().cert_reqs is ssl.CERT_REQUIRED


@pytest.mark.parametrize("app", ["rediss://:p%40w@127.0.0.1:1/3?ssl_ca_certs=/etc/ours.pem"], indirect=True)
def test_all_else_that_the_url_says_is_kept(app: Celery) -> None:
    results = app.backend.connparams
    with app.connection_for_write() as messages:
        pass

    assert (results["password"], results["db"], results["ssl_ca_certs"]) == ("p@w", 3, "/etc/ours.pem")
    assert (messages.password, messages.virtual_host, messages.ssl["ssl_ca_certs"]) == ("p@w", "3", "/etc/ours.pem")


@pytest.mark.parametrize("app", ["rediss://127.0.0.1:1/0?ssl_cert_reqs=none"], indirect=True)
def test_who_wants_no_check_is_not_contradicted(app: Celery) -> None:
    assert app.backend.connparams["ssl_cert_reqs"] is ssl.CERT_NONE


@pytest.mark.parametrize("app", [PLAIN], indirect=True)
def test_an_address_without_tls_is_taken_as_it_is(app: Celery) -> None:
    assert app.conf.broker_url == app.conf.result_backend == PLAIN


@pytest.mark.parametrize("app", ["unix:///run/redis.sock?db=2"], indirect=True)
def test_a_socket_has_a_scheme_of_its_own(app: Celery) -> None:
    assert app.conf.broker_url == "redis+socket:///run/redis.sock?virtual_host=2"
