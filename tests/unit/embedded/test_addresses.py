"""Addresses of the embedded services in the forms that their clients want."""

from __future__ import annotations

import pytest

from app.embedded.redis import broker_url


@pytest.mark.parametrize(
    ("redis_url", "expected"),
    [
        ("unix:///tmp/x/redis.sock?db=0", "redis+socket:///tmp/x/redis.sock?virtual_host=0"),
        ("unix:///tmp/x/redis.sock", "redis+socket:///tmp/x/redis.sock?virtual_host=0"),
        ("redis://:secret@host:6379/1", "redis://:secret@host:6379/1"),
        ("rediss://host/0", "rediss://host/0"),
    ],
)
def test_celery_gets_its_own_form_of_a_socket_and_every_other_address_as_it_is(redis_url: str, expected: str) -> None:
    assert broker_url(redis_url) == expected
