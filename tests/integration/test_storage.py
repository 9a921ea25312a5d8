"""Storage: a folder and a bucket behave alike. The bucket is spoken to over HTTP, in S3's protocol."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from app.domain.errors import NotFound, SetupError, StorageError
from app.storage import IMMUTABLE, SHORT_LIVED, Bucket, Folder, Storage, storage
from harness import forget_caches
from loopback import loopback
from races import together
from s3 import BUCKET, S3, s3_server

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 100
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
PDF = b"%PDF-1.7\n"
KEY = "posts/6f1c/0/abcdef123456.png"


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    """One S3 server for all tests here."""
    with s3_server() as made:
        yield made


@pytest.fixture
def bucket(server: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """The app's storage, with a bucket set; empty."""
    server.clear()
    for name, value in server.env.items():
        monkeypatch.setenv(name, value)
    forget_caches()
    yield storage()
    forget_caches()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """The app's storage, with no bucket set; empty."""
    monkeypatch.setenv("PRESSROOM_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PRESSROOM_PUBLIC_URL", "https://press.example.com/")
    forget_caches()
    yield storage()
    forget_caches()


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest) -> Storage:
    """Both, one after the other."""
    made: Storage = request.getfixturevalue(request.param)
    return made


def test_what_was_put_is_got(place: Storage) -> None:
    place.put(KEY, PNG)

    assert place.get(KEY) == PNG


@pytest.mark.parametrize("data", [b"", b"\x00" * 3, b"x" * 3_000_000], ids=["nothing", "zeros", "3 MB"])
def test_bytes_come_back_as_they_are(place: Storage, data: bytes) -> None:
    place.put(KEY, data)

    assert place.get(KEY) == data


def test_the_same_key_again_replaces_what_was_there(place: Storage) -> None:
    place.put(KEY, PNG)
    place.put(KEY, JPEG)

    assert place.get(KEY) == JPEG


def test_a_key_that_is_there_is_there(place: Storage) -> None:
    place.put(KEY, PNG)

    assert place.has(KEY)


def test_a_key_that_is_not_there_is_not_there(place: Storage) -> None:
    place.put(KEY, PNG)

    assert not place.has("posts/6f1c/0/000000000000.png")


def test_what_is_not_there_is_not_found(place: Storage) -> None:
    with pytest.raises(NotFound, match="posts/none"):
        place.get("posts/none.png")


def test_what_was_deleted_is_gone(place: Storage) -> None:
    place.put("posts/1/0/a.png", PNG)

    place.delete("posts/1/0/a.png")

    assert not place.has("posts/1/0/a.png")


def test_to_delete_what_is_not_there_is_no_error(place: Storage) -> None:
    place.put(KEY, PNG)

    place.delete("posts/6f1c/0/nothing.png")

    assert place.get(KEY) == PNG


def test_a_copy_holds_the_same_bytes(place: Storage) -> None:
    place.put(KEY, PNG)

    place.copy(KEY, "posts/6f1c/0.png")

    assert place.get("posts/6f1c/0.png") == PNG


def test_a_copy_replaces_the_one_before(place: Storage) -> None:
    place.put(KEY, PNG)
    place.put("posts/6f1c/0.png", JPEG)

    place.copy(KEY, "posts/6f1c/0.png")

    assert place.get("posts/6f1c/0.png") == PNG


def test_a_copy_of_what_is_not_there_is_not_found(place: Storage) -> None:
    with pytest.raises(NotFound):
        place.copy("posts/none.png", "posts/6f1c/0.png")


def test_a_place_that_can_be_written_checks_out(place: Storage) -> None:
    place.check()

    assert place.has(".check"), "it was tried"


def test_the_same_key_put_by_many_at_once_is_whole(place: Storage) -> None:
    versions = [bytes([65 + n]) * 200_000 for n in range(6)]

    together([partial(place.put, KEY, data) for data in versions])

    assert place.get(KEY) in versions


def test_a_reader_never_sees_half_of_a_file(place: Storage) -> None:
    place.put(KEY, b"a" * 500_000)
    seen: set[bytes] = set()
    is_over = threading.Event()

    def read() -> None:
        while not is_over.is_set():
            data = place.get(KEY)
            seen.add(data[:1] + data[-1:] + str(len(data)).encode())

    reader = threading.Thread(target=read)
    reader.start()
    for letter in (b"b", b"a") * 4:
        place.put(KEY, letter * 500_000)
    is_over.set()
    reader.join()

    assert seen <= {b"aa500000", b"bb500000"}


def test_a_folder_is_served_by_the_app(folder: Storage) -> None:
    assert folder.url(KEY) == f"https://press.example.com/media/{KEY}"


def test_a_bucket_is_served_under_its_public_address(bucket: Storage) -> None:
    assert bucket.url(KEY) == f"https://cdn.example.com/{KEY}"


def test_without_a_bucket_the_folder_files_in_the_data_dir_is_used(folder: Storage, tmp_path: Path) -> None:
    folder.put(KEY, PNG)

    assert isinstance(folder, Folder)
    assert (tmp_path / "files" / KEY).read_bytes() == PNG


def test_with_a_bucket_the_bucket_is_used(bucket: Storage, server: S3) -> None:
    bucket.put(KEY, PNG)

    assert isinstance(bucket, Bucket)
    assert server.client.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == PNG


@pytest.mark.parametrize("name", ["IMAGE_CDN_BUCKET", "R2_BUCKET"])
def test_the_bucket_may_be_named_by_the_briefs_words_too(
    server: S3, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    env = {**server.env, name: BUCKET, "IMAGE_CDN_BASE_URL": "https://cdn.example.com"}
    for variable in set(env) - {"R2_PUBLIC_URL", {"R2_BUCKET", "IMAGE_CDN_BUCKET"}.difference({name}).pop()}:
        monkeypatch.setenv(variable, env[variable])
    forget_caches()

    assert storage().url("a.png") == "https://cdn.example.com/a.png"


@pytest.mark.parametrize("missing", ["R2_ACCESS_KEY_ID", "R2_SECRET_ACCESS_KEY", "R2_PUBLIC_URL"])
def test_a_bucket_without_a_setting_names_it(server: S3, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in server.env.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    forget_caches()

    with pytest.raises(SetupError, match=missing):
        storage()


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (WEBP, "image/webp"),
        (PDF, "application/pdf"),
        (b"<html>", "application/octet-stream"),
    ],
    ids=["png", "jpeg", "webp", "pdf", "html"],
)
def test_an_object_has_the_type_that_its_bytes_show_whatever_its_key_says(
    bucket: Storage, server: S3, data: bytes, mime: str
) -> None:
    bucket.put("posts/a.png", data)

    assert server.client.head_object(Bucket=BUCKET, Key="posts/a.png")["ContentType"] == mime


def test_an_immutable_key_may_be_cached_for_a_year(bucket: Storage, server: S3) -> None:
    bucket.put(KEY, PNG)

    assert server.client.head_object(Bucket=BUCKET, Key=KEY)["CacheControl"] == IMMUTABLE


def test_the_copy_of_the_current_version_may_be_cached_for_a_minute(bucket: Storage, server: S3) -> None:
    bucket.put(KEY, PNG)

    bucket.copy(KEY, "posts/6f1c/0.png")

    head = server.client.head_object(Bucket=BUCKET, Key="posts/6f1c/0.png")
    assert (head["CacheControl"], head["ContentType"]) == (SHORT_LIVED, "image/png")


def test_a_bucket_that_is_not_there_refuses(server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**server.env, "R2_BUCKET": "missing"}.items():
        monkeypatch.setenv(name, value)
    forget_caches()

    with pytest.raises(StorageError, match="missing"):
        storage().put(KEY, PNG)


@pytest.fixture
def no_bucket(server: S3, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """A bucket whose server is away."""
    for name, value in {**server.env, "R2_ENDPOINT": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    forget_caches()
    return storage()


@pytest.fixture
def no_folder(folder: Storage, tmp_path: Path) -> Storage:
    """A folder that cannot be written."""
    (tmp_path / "files").write_text("a file where the folder should be")
    return folder


@pytest.fixture(params=["no_folder", "no_bucket"])
def no_place(request: pytest.FixtureRequest) -> Storage:
    """Both, one after the other."""
    made: Storage = request.getfixturevalue(request.param)
    return made


def test_a_place_that_is_away_takes_nothing(no_place: Storage) -> None:
    with pytest.raises(StorageError):
        no_place.put(KEY, PNG)


def test_a_place_that_is_away_does_not_check_out(no_place: Storage) -> None:
    with pytest.raises(StorageError):
        no_place.check()


def test_a_place_that_is_away_is_not_taken_for_an_empty_one(no_place: Storage) -> None:
    with pytest.raises(StorageError):
        no_place.get(KEY)


def test_an_object_that_breaks_off_on_its_way_is_a_storage_error(server: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback() as broken:
        broken.says(200, PNG)
        broken.cut_after = 20
        for name, value in {**server.env, "R2_ENDPOINT": broken.url}.items():
            monkeypatch.setenv(name, value)
        forget_caches()

        with pytest.raises(StorageError):
            storage().get(KEY)


@pytest.mark.parametrize("key", ["../secret", "posts/../../secret", "/etc/passwd", "posts/../../../etc/passwd"])
@pytest.mark.parametrize("deed", ["get", "put", "has", "copy"])
def test_a_key_that_leaves_the_folder_is_refused(folder: Storage, tmp_path: Path, key: str, deed: str) -> None:
    (tmp_path / "secret").write_bytes(b"mine")
    folder.put(KEY, PNG)

    deeds: dict[str, Callable[[], object]] = {
        "get": partial(folder.get, key),
        "put": partial(folder.put, key, b"x"),
        "has": partial(folder.has, key),
        "copy": partial(folder.copy, KEY, key),
    }

    with pytest.raises(NotFound):
        deeds[deed]()

    assert (tmp_path / "secret").read_bytes() == b"mine"


def test_a_link_that_leads_out_of_the_folder_is_not_followed(folder: Storage, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"mine")
    folder.put(KEY, PNG)
    (tmp_path / "files" / "door").symlink_to(tmp_path)

    with pytest.raises(NotFound):
        folder.get("door/secret")


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(folder: Storage, tmp_path: Path) -> None:
    folder.put("posts/a/b", PNG)

    with pytest.raises(StorageError):
        folder.put("posts/a", JPEG)

    assert folder.get("posts/a/b") == PNG
    assert list(tmp_path.rglob(".part-*")) == []


def test_files_can_be_read_by_another_users_web_server(folder: Storage, tmp_path: Path) -> None:
    folder.put(KEY, PNG)

    assert (tmp_path / "files" / KEY).stat().st_mode & 0o777 == 0o644
