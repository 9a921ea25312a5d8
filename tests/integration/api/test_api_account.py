"""Usage, keys, brands, and the description of it all."""

from __future__ import annotations

import pytest
from callers import Caller
from flask.testing import FlaskClient

from app import accounts
from app.db.session import transaction
from app.domain.errors import Conflict


def test_usage_shows_the_month_in_posts_ads_and_money(call: Caller) -> None:
    call("POST", "/api/generate/full-post", json={"topic": "DevOps for Junior Engineers"})
    usage = call("GET", "/api/usage").get_json()
    assert usage["plan"] == "business"
    assert usage["posts"] == {"used": 1, "limit": None}
    assert 0 < usage["micro_usd"]["used"] < usage["micro_usd"]["limit"]
    assert usage["usd"]["limit"] == "10000.00"


def test_a_key_is_shown_once_works_and_can_be_revoked(client: FlaskClient, call: Caller) -> None:
    made = call("POST", "/api/keys", json={"name": "laptop"})
    assert made.status_code == 201
    other = Caller(client, made.get_json()["key"])
    assert other("GET", "/api/usage").status_code == 200
    assert made.get_json()["key"] not in call("GET", "/api/keys").text
    revoked = call("DELETE", f"/api/keys/{made.get_json()['id']}").get_json()
    assert (revoked["keys_left"], revoked["note"]) == (1, None)
    assert other("GET", "/api/usage").status_code == 401


def test_revoking_the_last_key_is_allowed_and_said(call: Caller) -> None:
    mine = call("GET", "/api/keys").get_json()["keys"][0]["id"]
    answer = call("DELETE", f"/api/keys/{mine}").get_json()
    assert answer["keys_left"] == 0
    assert "last key" in answer["note"]
    assert call("GET", "/api/keys").status_code == 401


def test_brands_have_the_usual_verbs(call: Caller) -> None:
    made = call("POST", "/api/brands", json={"name": "Acme", "kit": {"accent": "#123456"}})
    path = f"/api/brands/{made.get_json()['id']}"
    assert made.status_code == 201
    assert call("GET", path).get_json()["kit"]["accent"] == "#123456"
    assert call("POST", "/api/brands", json={"name": "Acme"}).get_json()["code"] == "brand_exists"
    assert call("PUT", path, json={"name": "Acme 2", "kit": {"handle": "@acme"}}).get_json()["kit"]["handle"] == "@acme"
    assert call("PUT", path, json={"name": "Acme", "kit": {"accent": "red"}}).status_code == 422
    assert call("DELETE", path).status_code == 204
    assert call("GET", "/api/brands").get_json()["brands"] == []


@pytest.mark.usefixtures("database")
def test_two_users_cannot_have_one_name() -> None:
    with transaction() as session:
        accounts.create_user(session, "ann@example.org")
    with transaction() as session, pytest.raises(Conflict):
        accounts.create_user(session, "ann@example.org")


def test_the_description_names_every_route_and_every_request_field(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()
    assert described["openapi"].startswith("3.1")
    for rule in client.application.url_map.iter_rules():
        path = rule.rule.replace("<uuid:", "{").replace("<path:", "{").replace(">", "}").replace("<", "{")
        path = path.replace("{pipeline}", "full-post")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            operation = described["paths"][path][method.lower()]
            assert operation["summary"], path
            named = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
            assert named == rule.arguments - {"pipeline"}
    body = described["paths"]["/api/generate/full-post"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body == {"$ref": "#/components/schemas/FullPostRequest"}
    assert set(described["components"]["schemas"]["FullPostRequest"]["properties"]) >= {"topic", "tone", "slides"}
