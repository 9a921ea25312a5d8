"""Keys and addresses: who can be asked, and what the sandbox stands in for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import AliasChoices

from app.domain.capabilities import PROVIDER_CAPABILITIES
from app.domain.errors import SetupError
from app.settings import KEY_SETTINGS, SANDBOX_KEY, SANDBOX_PATHS, Settings, settings
from harness import forget_settings
from workers.providers import registry

PROVIDERS = tuple(PROVIDER_CAPABILITIES)
SANDBOX = "http://127.0.0.1:9000"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)  # no .env of the developer's own
    for name in (name for names in KEY_SETTINGS.values() for name in names):
        monkeypatch.delenv(name, raising=False)
    forget_settings()
    yield
    forget_settings()


def given(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_settings()
    return settings()


def test_every_provider_has_a_key_a_place_in_the_sandbox_and_an_adapter() -> None:
    assert set(KEY_SETTINGS) == set(SANDBOX_PATHS) == set(registry.PROVIDERS) == set(PROVIDERS)


def test_every_key_is_a_setting() -> None:
    aliases = [field.validation_alias for field in Settings.model_fields.values()]
    known = {name for alias in aliases for name in (alias.choices if isinstance(alias, AliasChoices) else [alias])}

    assert {name for names in KEY_SETTINGS.values() for name in names} <= known


def test_without_any_key_the_sandbox_answers_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    found = given(monkeypatch, PRESSROOM_SANDBOX_URL=f"{SANDBOX}/")

    assert found.is_sandboxed
    for provider in PROVIDERS:
        access = found.access(provider)
        assert found.has_key(provider)
        assert access is not None
        assert (access.base_url, access.key) == (SANDBOX + SANDBOX_PATHS[provider], SANDBOX_KEY)


def test_without_key_and_sandbox_it_is_told_how_to_get_either() -> None:
    with pytest.raises(SetupError, match=r"no provider's key is set \(AI_GATEWAY_API_KEY, .*`pressroom sandbox`"):
        settings().access("gemini")


@pytest.mark.parametrize(
    ("provider", "name"), [(provider, name) for provider, names in KEY_SETTINGS.items() for name in names]
)
def test_one_key_ends_the_sandbox_and_opens_its_provider_only(
    monkeypatch: pytest.MonkeyPatch, provider: str, name: str
) -> None:
    found = given(monkeypatch, PRESSROOM_SANDBOX_URL=SANDBOX, **{name: "k-123"})

    assert not found.is_sandboxed
    assert [one for one in PROVIDERS if found.has_key(one)] == [provider]
    assert [one for one in PROVIDERS if found.access(one) is not None] == [provider]


def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given(monkeypatch, OPENAI_API_KEY="", AI_GATEWAY_API_KEY="").is_sandboxed


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "k-secret" not in repr(given(monkeypatch, OPENAI_API_KEY="k-secret"))


def test_the_routes_file_is_named_by_its_whole_path_and_none_means_the_shipped_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert given(monkeypatch, PRESSROOM_ROUTES="").routes_file is None
    assert given(monkeypatch, PRESSROOM_ROUTES="mine.toml").routes_file == tmp_path / "mine.toml"
    assert given(monkeypatch, PRESSROOM_ROUTES="~/mine.toml", HOME="/home/me").routes_file == Path("/home/me/mine.toml")


def test_a_setting_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SetupError, match="PRESSROOM_LEASE"):
        given(monkeypatch, PRESSROOM_LEASE="soon")
