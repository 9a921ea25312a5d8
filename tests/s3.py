"""A server that speaks S3's protocol, for tests of buckets."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

BUCKET = "pressroom"


@dataclass(frozen=True, slots=True)
class S3:
    """A running server, and a client of its own to look behind the app's back."""

    url: str
    client: Any

    @property
    def env(self) -> dict[str, str]:
        """The settings that make the app use it."""
        return {
            "R2_ENDPOINT": self.url,
            "R2_ACCESS_KEY_ID": "key",
            "R2_SECRET_ACCESS_KEY": "secret",
            "R2_BUCKET": BUCKET,
            "R2_PUBLIC_URL": "https://cdn.example.com/",
        }

    def clear(self) -> None:
        """Empty the bucket."""
        for item in self.client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            self.client.delete_object(Bucket=BUCKET, Key=item["Key"])


@contextmanager
def s3_server() -> Iterator[S3]:
    """Serve an empty bucket on a free port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    client.create_bucket(Bucket=BUCKET)
    try:
        yield S3(url, client)
    finally:
        client.close()
        server.stop()
