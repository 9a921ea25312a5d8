"""Brands over HTTP: themes, kits, colours with their contrast, and logos."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from callers import Caller
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from app.db.models import Brand
from app.db.session import transaction
from app.domain.brand import BrandKit, Logo
from app.domain.errors import StorageError
from app.domain.keys import content_digest
from app.domain.themes import THEMES
from app.settings import settings
from app.storage import IMMUTABLE, Folder, storage
from harness import forget_caches
from orders import run_of
from pngs import SIZE, logo

GENERATE = "/api/generate/full-post"
TOPIC = "DevOps for Junior Engineers"


def made(call: Caller, name: str = "Acme", **kit: Any) -> dict[str, Any]:
    """Make a brand and return it."""
    answer = call("POST", "/api/brands", json={"name": name, "kit": kit})
    assert answer.status_code == 201, answer.text
    return dict(answer.get_json())


def put(call: Caller, brand: dict[str, Any], data: bytes, mime: str = "image/png") -> TestResponse:
    """Send a logo."""
    return call("PUT", f"/api/brands/{brand['id']}/logo", data=data, content_type=mime)


def shown(call: Caller, brand: dict[str, Any]) -> dict[str, Any]:
    """Return the brand as it is now."""
    return dict(call("GET", f"/api/brands/{brand['id']}").get_json())


def path_of(url: str) -> str:
    """Return what the test client can ask for."""
    return url.removeprefix(settings().public_url)


def files() -> list[str]:
    """Return the logos in storage."""
    return [path.name for path in (settings().data_dir / "files").rglob("logo-*")]


# ---- themes and kits


def test_themes_are_listed_without_a_key(client: FlaskClient) -> None:
    themes = client.get("/api/themes").get_json()["themes"]

    assert [theme["name"] for theme in themes] == [*THEMES]
    for theme in themes:
        assert theme["accent"] == THEMES[theme["name"]].accent
        assert theme["fonts"] == THEMES[theme["name"]].fonts
        assert theme["visual_style"]


def test_a_brand_is_shown_with_its_colours_as_slides_use_them(call: Caller) -> None:
    brand = made(call, theme="signal", muted="#333333")

    assert brand["kit"]["theme"] == "signal"
    assert (brand["kit"]["muted"], brand["kit"]["accent"]) == ("#333333", None)
    assert brand["tokens"]["background"]["ground"] == THEMES["signal"].background
    assert brand["tokens"]["background"]["muted"]["contrast"] >= 4.5
    (warning,) = brand["warnings"]
    assert "muted on background is 1.5:1" in warning
    assert brand["tokens"]["background"]["muted"]["colour"] in warning
    assert brand["logo"] is None
    assert call("GET", "/api/brands").get_json()["brands"] == [brand] == [shown(call, brand)]


def test_a_kit_can_be_sent_back_as_it_is_shown(call: Caller) -> None:
    brand = made(call, theme="poster", handle="@acme")
    put(call, brand, logo())
    before = shown(call, brand)

    answer = call("PUT", f"/api/brands/{brand['id']}", json={"name": before["name"], "kit": before["kit"]})

    assert answer.get_json() == before


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_unknown_theme_is_refused_with_those_that_exist(call: Caller, method: str) -> None:
    path = "/api/brands" if method == "POST" else f"/api/brands/{made(call)['id']}"

    answer = call(method, path, json={"name": "Other", "kit": {"theme": "sgnal"}})

    assert answer.status_code == 422
    for name in THEMES:
        assert name in answer.get_json()["fields"]["kit.theme"]


def test_the_description_names_the_themes_and_what_a_logo_is(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()

    assert described["components"]["schemas"]["KitBody"]["properties"]["theme"]["enum"] == [*THEMES]
    assert "logo" not in described["components"]["schemas"]["KitBody"]["properties"]
    body = described["paths"]["/api/brands/{brand_id}/logo"]["put"]["requestBody"]
    assert [*body["content"]] == ["image/png"]
    assert described["paths"]["/api/themes"]["get"]["security"] == []


def test_a_kit_of_before_themes_is_shown_and_ordered_with(call: Caller) -> None:
    brand = made(call)
    old = {"background": "#101010", "surface": "#ffffff", "text": "#ffffff", "muted": "#aaaaaa", "accent": "#ff0000",
           "handle": None, "voice": "dry", "visual_style": "line drawings"}  # fmt: skip
    with transaction() as session:
        session.execute(update(Brand).where(Brand.id == uuid.UUID(brand["id"])).values(kit=old))

    assert shown(call, brand)["tokens"]["accent"]["ground"] == "#ff0000"
    run_id = call("POST", GENERATE, json={"topic": TOPIC, "brand": "Acme"}).get_json()["id"]
    assert BrandKit.model_validate(run_of(uuid.UUID(run_id)).brand).look().accent == "#ff0000"


# ---- logos


def test_a_logo_is_served_at_an_address_that_never_changes_its_bytes(client: FlaskClient, call: Caller) -> None:
    brand = made(call)

    answer = put(call, brand, logo())

    assert answer.status_code == 200
    told = answer.get_json()["logo"]
    assert (told["width"], told["height"]) == SIZE
    assert shown(call, brand)["logo"] == told
    served = client.get(path_of(told["url"]), buffered=True)
    assert (served.status_code, served.mimetype) == (200, "image/png")
    assert served.data == logo()
    assert served.headers["Cache-Control"] == IMMUTABLE
    assert content_digest(served.data)[:12] in told["url"]


def test_the_same_logo_again_is_the_same_and_another_has_another_address(client: FlaskClient, call: Caller) -> None:
    brand = made(call)

    first, again, other = (put(call, brand, data).get_json()["logo"] for data in (logo(), logo(), logo(colour=7)))

    assert first == again
    assert other["url"] != first["url"]
    assert client.get(path_of(first["url"]), buffered=True).status_code == 200  # runs may have been ordered with it


def test_a_changed_brand_keeps_its_logo(call: Caller) -> None:
    brand = made(call)
    told = put(call, brand, logo()).get_json()["logo"]

    changed = call("PUT", f"/api/brands/{brand['id']}", json={"name": "Other", "kit": {"theme": "paper"}}).get_json()

    assert changed["logo"] == told


@pytest.mark.parametrize("sent", [{"key": "posts/x/0.png"}, None, "logo.png"])
def test_a_body_cannot_name_a_logo(call: Caller, sent: Any) -> None:
    answer = call("POST", "/api/brands", json={"name": "Acme", "kit": {"logo": sent}})

    assert (answer.status_code, [*answer.get_json()["fields"]]) == (422, ["kit.logo"])


def test_a_logo_can_be_taken_away_also_twice(call: Caller) -> None:
    brand = made(call)
    put(call, brand, logo())

    codes = [call("DELETE", f"/api/brands/{brand['id']}/logo").status_code for _ in range(2)]

    assert codes == [204, 204]
    assert shown(call, brand)["logo"] is None


def test_a_logo_without_transparency_is_mentioned(call: Caller) -> None:
    (warning,) = put(call, made(call), logo(mode="RGB")).get_json()["warnings"]

    assert "no transparency" in warning


@pytest.mark.parametrize(
    ("data", "mime", "status", "code"),
    [
        (b"<svg/>", "image/svg+xml", 415, "unsupported_media_type"),
        (b"\xff\xd8\xff", "image/jpeg", 415, "unsupported_media_type"),
        (logo(), "image/webp", 415, "unsupported_media_type"),
        (logo(), "multipart/form-data; boundary=x", 415, "unsupported_media_type"),
        (logo(), "", 415, "unsupported_media_type"),
        (b"\xff\xd8\xff", "image/png", 422, "logo_refused:not_png"),
        (b"<svg/>", "image/png", 422, "logo_refused:not_png"),
        (b"", "image/png", 422, "logo_refused:not_png"),
        (logo()[:-1], "image/png", 422, "logo_refused:broken"),
        (logo() + b"<html>", "image/png", 422, "logo_refused:broken"),
        (logo((50, 50)), "image/png", 422, "logo_refused:size"),
        (logo((1000, 100)), "image/png", 422, "logo_refused:ratio"),
        (bytes(1024 * 1024 + 1), "image/png", 413, "body_too_large"),
    ],
)
def test_what_is_no_logo_is_refused_and_nothing_is_stored(
    call: Caller, data: bytes, mime: str, status: int, code: str
) -> None:
    brand = made(call)

    answer = put(call, brand, data, mime)

    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"
    assert any(word in answer.get_json()["detail"] for word in ("PNG", "save it", "cut it", "1024 KB"))
    assert shown(call, brand)["logo"] is None
    assert files() == []


def test_a_logo_of_a_mebibyte_to_the_byte_is_read_to_its_end(call: Caller) -> None:
    answer = put(call, made(call), logo() + bytes(1024 * 1024 - len(logo())))

    assert answer.get_json()["code"] == "logo_refused:broken"


def test_while_storage_is_away_the_brand_stays_as_it_was(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    brand = made(call)
    before = put(call, brand, logo()).get_json()
    (settings().data_dir / "in_the_way").touch()
    monkeypatch.setenv("PRESSROOM_DATA_DIR", str(settings().data_dir / "in_the_way"))
    forget_caches()

    answer = put(call, brand, logo(colour=7))

    with pytest.raises(StorageError):
        storage().check()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "storage_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert shown(call, brand) == before


def test_a_new_logo_and_a_new_kit_at_the_same_time_do_not_undo_each_other(client: FlaskClient, call: Caller) -> None:
    brand = made(call)
    path = f"/api/brands/{brand['id']}"

    def both(turn: int) -> None:
        own = Caller(client.application.test_client(), call.key)
        if turn % 2:
            assert put(own, brand, logo(colour=turn)).status_code == 200
        else:
            body = {"name": "Acme", "kit": {"handle": f"@{turn}"}}
            assert own("PUT", path, json=body).status_code == 200

    for start in range(0, 20, 2):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(both, [start, start + 1]))
        now = shown(call, brand)
        assert now["kit"]["handle"] == f"@{start}"
        assert content_digest(logo(colour=start + 1))[:12] in now["logo"]["url"]


def test_a_stranger_cannot_give_or_take_a_logo_and_nothing_of_his_is_stored(call: Caller, stranger: Caller) -> None:
    brand = made(call)
    told = put(call, brand, logo()).get_json()["logo"]

    assert put(stranger, brand, logo(colour=7)).status_code == 404
    assert put(stranger, brand, b"x", "text/plain").status_code == 404  # also where his own would be refused
    assert stranger("DELETE", f"/api/brands/{brand['id']}/logo").status_code == 404
    assert shown(call, brand)["logo"] == told
    assert len(files()) == 1


def test_an_order_keeps_the_logo_that_the_brand_had(call: Caller) -> None:
    brand = made(call, theme="signal", fonts="bold")
    put(call, brand, logo())
    run_id = call("POST", GENERATE, json={"topic": TOPIC, "brand": "Acme"}).get_json()["id"]
    put(call, brand, logo(colour=7))
    call("DELETE", f"/api/brands/{brand['id']}")

    kit = BrandKit.model_validate(run_of(uuid.UUID(run_id)).brand)

    assert isinstance(kit.logo, Logo)
    assert (kit.logo.width, kit.logo.height, kit.logo.bytes) == (*SIZE, len(logo()))
    assert kit.logo.sha256 == content_digest(logo())
    assert storage().get(kit.logo.key) == logo()
    assert (kit.theme, kit.fonts) == ("signal", "bold")


def test_logos_lie_in_the_folder_of_their_brand(call: Caller) -> None:
    brand = made(call)
    put(call, brand, logo())

    assert isinstance(storage(), Folder)
    assert f"/media/brands/{brand['id']}/logo-" in shown(call, brand)["logo"]["url"]
