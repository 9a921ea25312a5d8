"""Where the bytes live: an S3/R2 bucket, or a folder that the app serves. Two classes behind one interface."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from app.domain.errors import NotFound, SetupError, StorageError
from app.settings import Settings, settings

IMMUTABLE = "public, max-age=31536000, immutable"  # keys hold a digest: other bytes get another key
SHORT_LIVED = "public, max-age=60"  # the copies that always hold the current version
MIN_FREE_BYTES = 200_000_000  # what is under way still fits, with its copies, and so does PostgreSQL on the same disk

MIME_BY_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
)
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
MIME_BY_EXTENSION = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
    "pptx": PPTX,
}
EXTENSIONS = {mime: extension for extension, mime in MIME_BY_EXTENSION.items()}


def mime_of(data: bytes) -> str:
    """Return the MIME type that the bytes themselves show; `application/octet-stream` when unknown."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"PK\x03\x04") and b"ppt/presentation.xml" in data:
        return PPTX
    for magic, mime in MIME_BY_MAGIC:
        if data.startswith(magic):
            return mime
    return "application/octet-stream"


class Storage(Protocol):
    """A store of bytes under keys such as `posts/<id>/0/<digest>.png`."""

    def put(self, key: str, data: bytes, *, immutable: bool = True) -> None:
        """Store `data`, whole or not at all; the same key again replaces it. Raises StorageError."""

    def get(self, key: str) -> bytes:
        """Return the bytes. Raises NotFound, StorageError."""

    def has(self, key: str) -> bool:
        """Return whether the key is there. Raises StorageError."""

    def copy(self, source: str, target: str) -> None:
        """Make `target` hold what `source` holds, for a short time in caches. Raises NotFound, StorageError."""

    def delete(self, key: str) -> None:
        """Take the key away; one that is not there is no error. Raises StorageError."""

    def url(self, key: str) -> str:
        """Return the public address of a key."""

    def has_room(self) -> bool:
        """Return whether there is room for more, as far as can be told without a request."""

    def check(self) -> None:
        """Do nothing when bytes can be written, and there is room for more. Raises StorageError."""


class Folder:
    """Files under one folder; each appears whole, by rename."""

    def __init__(self, root: Path, public_url: str) -> None:
        self._root = root
        self._public_url = public_url.rstrip("/")

    def path(self, key: str) -> Path:
        """Return the file of a key. Raises NotFound for a key that would leave the folder."""
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root.resolve()):
            raise NotFound(f"there is no file {key!r}")
        return path

    def put(self, key: str, data: bytes, *, immutable: bool = True) -> None:  # noqa: ARG002 - the app sets cache headers
        """Store `data`; see Storage."""
        target = self.path(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=".part-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    os.fchmod(file.fileno(), 0o644)  # another user's web server may serve the folder
                Path(name).replace(target)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as exc:
            raise StorageError(f"the folder {self._root} did not take {key}: {exc.strerror}") from exc

    def get(self, key: str) -> bytes:
        """Return the bytes; see Storage."""
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError:
            raise NotFound(f"there is no file {key!r}") from None
        except OSError as exc:
            raise StorageError(f"the folder {self._root} did not give {key}: {exc.strerror}") from exc

    def has(self, key: str) -> bool:
        """Return whether the key is there; see Storage."""
        try:
            return self.path(key).is_file()
        except OSError as exc:
            if exc.errno == errno.ENAMETOOLONG:  # no file can have such a name
                return False
            raise StorageError(f"the folder {self._root} did not say whether it has {key}: {exc.strerror}") from exc

    def copy(self, source: str, target: str) -> None:
        """Make `target` hold what `source` holds; see Storage."""
        self.put(target, self.get(source), immutable=False)

    def delete(self, key: str) -> None:
        """Take the key away; see Storage."""
        try:
            self.path(key).unlink(missing_ok=True)
        except OSError as exc:
            raise StorageError(f"the folder {self._root} did not delete {key}: {exc.strerror}") from exc

    def url(self, key: str) -> str:
        """Return the address under which the app serves the key."""
        return f"{self._public_url}/media/{key}"

    def has_room(self) -> bool:
        """Return whether its disk has MIN_FREE_BYTES left: a full one still takes an empty file."""
        try:
            disk = shutil.disk_usage(next(path for path in (self._root, *self._root.parents) if path.exists()))
        except OSError:
            return True  # whoever writes is told what is wrong
        return disk.total == 0 or disk.free >= MIN_FREE_BYTES  # 0: a mount that does not say

    def check(self) -> None:
        """Do nothing when the folder can be written and its disk is not nearly full; see Storage."""
        self.put(".check", b"")
        if not self.has_room():
            raise StorageError(
                f"the disk of {self._root} has less than {MIN_FREE_BYTES // 1_000_000} MB left: make room there, or set"
                " R2_BUCKET"
            )


class Bucket:
    """An S3-protocol bucket: AWS S3, Cloudflare R2, MinIO, Garage."""

    def __init__(self, client: Any, bucket: str, public_url: str) -> None:
        self._client = client
        self._bucket = bucket
        self._public_url = public_url.rstrip("/")

    def put(self, key: str, data: bytes, *, immutable: bool = True) -> None:
        """Store `data` with the type that its bytes show; see Storage."""
        self._call(
            key,
            "put_object",
            Body=data,
            ContentType=mime_of(data),
            CacheControl=IMMUTABLE if immutable else SHORT_LIVED,
        )

    def get(self, key: str) -> bytes:
        """Return the bytes; see Storage."""
        from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - 0.2 s that only S3 users pay

        try:
            body: bytes = self._call(key, "get_object")["Body"].read()
        except BotoCoreError as exc:
            raise StorageError(f"the bucket {self._bucket} broke off while it gave {key}: {exc}") from exc
        return body

    def has(self, key: str) -> bool:
        """Return whether the key is there; see Storage."""
        try:
            self._call(key, "head_object")
        except NotFound:
            return False
        return True

    def copy(self, source: str, target: str) -> None:
        """Make `target` hold what `source` holds, inside the bucket; see Storage."""
        self._call(
            target,
            "copy_object",
            CopySource={"Bucket": self._bucket, "Key": source},
            CacheControl=SHORT_LIVED,
            ContentType=MIME_BY_EXTENSION.get(source.rsplit(".", 1)[-1], "application/octet-stream"),
            MetadataDirective="REPLACE",
        )

    def delete(self, key: str) -> None:
        """Take the key away; see Storage."""
        self._call(key, "delete_object")

    def url(self, key: str) -> str:
        """Return the public address of the key."""
        return f"{self._public_url}/{key}"

    def has_room(self) -> bool:
        """Return True: what a bucket may hold, only a request can tell."""
        return True

    def check(self) -> None:
        """Do nothing when the bucket can be written; see Storage."""
        self.put(".check", b"")

    def _call(self, key: str, operation: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - 0.2 s that only S3 users pay

        try:
            return getattr(self._client, operation)(Bucket=self._bucket, Key=key, **arguments)
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") in {"NoSuchKey", "404", "NotFound"}:
                raise NotFound(f"there is no object {key!r}") from None
            raise StorageError(f"the bucket {self._bucket} refused {operation} of {key}: {exc}") from exc
        except BotoCoreError as exc:
            raise StorageError(f"the bucket {self._bucket} did not answer {operation} of {key}: {exc}") from exc


def _bucket(config: Settings) -> Bucket:
    import boto3  # noqa: PLC0415 - 0.2 s that only S3 users pay
    from botocore.config import Config  # noqa: PLC0415

    missing = [
        name
        for name, value in {
            "R2_ACCESS_KEY_ID": config.r2_access_key_id,
            "R2_SECRET_ACCESS_KEY": config.r2_secret_access_key,
            "R2_PUBLIC_URL": config.r2_public_url,
        }.items()
        if value is None
    ]
    if missing or config.r2_bucket is None:
        raise SetupError(f"R2_BUCKET is set but {', '.join(missing)} is not; set it, or leave all out to use a folder")
    assert config.r2_secret_access_key is not None
    assert config.r2_public_url is not None
    client = boto3.client(
        "s3",
        endpoint_url=config.r2_endpoint,
        region_name="auto" if config.r2_endpoint else None,
        aws_access_key_id=config.r2_access_key_id,
        aws_secret_access_key=config.r2_secret_access_key.get_secret_value(),
        config=Config(
            connect_timeout=5,
            read_timeout=20,
            retries={"total_max_attempts": 2},
            max_pool_connections=50,
            # R2 and others refuse the checksum trailers that boto3 adds by default since 1.36.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    return Bucket(client, config.r2_bucket, config.r2_public_url)


@cache
def storage() -> Storage:
    """Return this process' storage: the bucket when one is set, else the folder. Raises SetupError."""
    config = settings()
    if config.r2_bucket is not None:
        return _bucket(config)
    return Folder(config.data_dir / "files", config.public_url)
