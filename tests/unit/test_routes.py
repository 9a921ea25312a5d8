"""Who is asked for what: order, keys, deadlines and limits."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import routes
from app.domain.capabilities import PROVIDER_CAPABILITIES, Capability
from app.domain.errors import SetupError
from app.routes import NEEDS, Limit, Route, able, limit_of, purpose_named, routes_for, timeout_of
from app.settings import KEY_SETTINGS
from harness import forget_settings
from routing import SHIPPED, write_routes

TEXTS = ("write_content", "draft_prompt", "rewrite_prompt", "review_image")
PURPOSES = tuple(name for name in tomllib.loads(SHIPPED.read_text()) if name != "limits")
Use = Callable[..., None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Use]:
    """A function that sets just these providers' keys, and a routes file."""
    monkeypatch.chdir(tmp_path)  # no .env of the developer's own

    def configure(*providers: str, routes_file: Path | None = None) -> None:
        for provider, names in KEY_SETTINGS.items():
            for name in names:
                monkeypatch.delenv(name, raising=False)
            if provider in providers:
                monkeypatch.setenv(names[0], "k-123")
        monkeypatch.setenv("PRESSROOM_ROUTES", str(routes_file or ""))
        forget_settings()

    configure()
    yield configure
    monkeypatch.undo()
    forget_settings()


def uses(found: tuple[Route, ...]) -> list[str]:
    return [route.use for route in found]


# ---- as shipped


@pytest.mark.parametrize(
    ("purpose", "order"),
    [
        ("write_content", "gemini anthropic gateway gateway"),
        ("draft_prompt", "anthropic gemini gateway gateway"),
        ("rewrite_prompt", "anthropic gemini gateway gateway"),
        ("render_image", "gemini leonardo openai gateway gateway"),
        ("refine_image", "gemini openai gateway gateway"),
        ("review_image", "anthropic gemini gateway gateway"),
        ("screen_image", "openai"),
        ("research", "gateway"),
        ("transcribe", "openai openai"),
    ],
)
def test_without_any_key_the_sandbox_stands_in_for_everybody_in_the_briefs_order(
    use: Use, purpose: str, order: str
) -> None:
    use()

    assert [route.provider for route in routes_for(purpose)] == order.split()


def test_with_the_gateways_key_alone_the_gateway_is_first_for_all_that_it_can_do(use: Use) -> None:
    use("gateway")

    assert {able(name)[0].provider for name in PURPOSES if able(name)} == {"gateway"}
    assert [name for name in PURPOSES if not able(name)] == ["screen_image", "transcribe"]


@pytest.mark.parametrize("purpose", TEXTS)
def test_the_gateway_asks_for_the_same_models_as_their_makers(use: Use, purpose: str) -> None:
    use()
    prices = [route.price for route in routes_for(purpose)]

    assert prices[:2] == prices[2:]


def test_a_provider_without_a_key_is_passed_over(use: Use) -> None:
    use("leonardo", "gateway", "anthropic")

    assert [route.provider for route in routes_for("render_image")] == ["leonardo", "gateway", "gateway"]
    assert [route.provider for route in routes_for("write_content")] == ["anthropic", "gateway", "gateway"]


def test_both_names_of_geminis_key_count(use: Use, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GEMINI_API_KEY", "k-123")
    forget_settings()

    assert [route.provider for route in routes_for("render_image")] == ["gemini"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_route_that_is_shipped_can_do_what_it_is_asked_for_and_has_a_price(use: Use, purpose: str) -> None:
    need = NEEDS.get(purpose, Capability.TEXT)
    for route in purpose_named(purpose).routes:
        assert need in PROVIDER_CAPABILITIES[route.provider]
        assert route.price is not None
        assert need in route.price.can


@pytest.mark.parametrize("purpose", PURPOSES)
def test_one_execution_of_a_step_can_wait_for_its_slowest_route(use: Use, purpose: str) -> None:
    assert all(0 < timeout_of(purpose, route) <= 90 for route in purpose_named(purpose).routes)


def test_pictures_are_reviewed_and_weighed_unless_somebody_says_otherwise(use: Use) -> None:
    for name in ("render_image", "refine_image"):
        assert (purpose_named(name).review, purpose_named(name).min_bytes) == (True, 50_000)


@pytest.mark.parametrize("provider", PROVIDER_CAPABILITIES)
def test_five_pictures_and_twenty_texts_are_asked_of_a_provider_at_once(use: Use, provider: str) -> None:
    assert (limit_of(provider, "image").in_flight, limit_of(provider, "text").in_flight) == (5, 20)


def test_leonardo_is_asked_no_faster_than_its_100_jobs_a_minute(use: Use) -> None:
    limit = limit_of("leonardo", "image")

    assert 0 < limit.per_second * 60 <= 100


def test_the_deadline_is_the_routes_own_or_else_the_purposes(use: Use) -> None:
    gemini, leonardo, openai, *_ = routes_for("render_image")

    assert [timeout_of("render_image", route) for route in (gemini, leonardo, openai)] == [30, 45, 60]
    assert timeout_of("write_content", routes_for("write_content")[0]) == 90


def test_options_are_the_routes_own(use: Use) -> None:
    _, leonardo, openai, *_ = routes_for("render_image")

    assert leonardo.options == {"contrast": 3.5, "alchemy": True, "poll_s": 1, "polls": 30}
    assert openai.options == {"quality": "medium"}


def test_a_model_may_have_a_slash_in_its_name(use: Use) -> None:
    route = Route(use="gateway/google/gemini-2.5-flash")

    assert (route.provider, route.model) == ("gateway", "google/gemini-2.5-flash")


# ---- keys


@pytest.mark.parametrize("provider", ["gateway", "gemini"])
def test_one_key_is_enough_if_it_serves_all_that_a_post_needs(use: Use, provider: str) -> None:
    use(provider)

    routes.check()

    assert routes.lacking() is None


def test_several_keys_that_serve_it_together_are_enough(use: Use) -> None:
    use("anthropic", "leonardo")

    routes.check()

    assert routes.lacking() is None


def test_without_any_key_the_sandbox_is_enough(use: Use) -> None:
    use()

    routes.check()

    assert routes.lacking() is None


def test_a_key_that_serves_only_pictures_is_refused_with_what_lacks_and_which_keys_would_serve(use: Use) -> None:
    use("leonardo")

    with pytest.raises(SetupError) as refused:
        routes.check()

    assert str(refused.value) == (
        "nobody serves write_content, draft_prompt, rewrite_prompt, review_image: set one of AI_GATEWAY_API_KEY,"
        " ANTHROPIC_API_KEY, GOOGLE_AI_KEY, or leave every key out to use the sandbox"
    )


def test_a_key_that_serves_only_texts_is_refused_with_the_keys_that_make_pictures(use: Use) -> None:
    use("anthropic")

    with pytest.raises(SetupError) as refused:
        routes.check()

    assert str(refused.value) == (
        "nobody serves render_image: set one of AI_GATEWAY_API_KEY, GOOGLE_AI_KEY, LEONARDO_API_KEY, OPENAI_API_KEY,"
        " or leave every key out to use the sandbox"
    )


def test_a_purpose_that_posts_can_do_without_is_left_out_and_not_refused(use: Use) -> None:
    use("gateway")

    assert able("screen_image") == ()
    with pytest.raises(SetupError, match="nobody serves screen_image: set OPENAI_API_KEY"):
        routes_for("screen_image")


def test_a_review_that_is_turned_off_needs_nobody_who_sees(use: Use, tmp_path: Path) -> None:
    own = write_routes(
        tmp_path / "routes.toml", base=SHIPPED, review=False, review_image={"routes": ["anthropic/claude-sonnet-4-6"]}
    )
    use("gateway", routes_file=own)

    assert able("review_image") == ()
    routes.check()


def test_a_purpose_that_does_not_exist_names_itself(use: Use) -> None:
    for asked in (routes_for, able, purpose_named):
        with pytest.raises(SetupError, match="'dance'"):
            asked("dance")


# ---- a file of one's own


def test_what_a_file_says_of_a_purpose_stands_whole_in_the_place_of_what_is_shipped(use: Use, tmp_path: Path) -> None:
    own = tmp_path / "routes.toml"
    own.write_text('[render_image]\nroutes = ["gateway/google/gemini-3-pro-image"]\n')
    use(routes_file=own)

    assert uses(routes_for("render_image")) == ["gateway/google/gemini-3-pro-image"]
    assert timeout_of("render_image", routes_for("render_image")[0]) == 60
    assert (purpose_named("render_image").review, purpose_named("render_image").min_bytes) == (True, 50_000)


def test_what_a_file_leaves_out_is_as_shipped(use: Use, tmp_path: Path) -> None:
    own = tmp_path / "routes.toml"
    own.write_text("[limits.gateway]\nimage = { in_flight = 2 }\n")
    use()
    shipped = {name: purpose_named(name) for name in PURPOSES}
    use(routes_file=own)

    assert {name: purpose_named(name) for name in PURPOSES} == shipped
    assert limit_of("gateway", "image") == Limit(in_flight=2)
    assert limit_of("gateway", "text") == Limit(in_flight=20)
    assert limit_of("leonardo", "image").per_second == 1.6


def test_an_empty_file_changes_nothing(use: Use, tmp_path: Path) -> None:
    (tmp_path / "routes.toml").write_text("")
    use(routes_file=tmp_path / "routes.toml")

    assert [purpose_named(name) for name in PURPOSES] == [
        routes.read_routes(SHIPPED).purposes[name] for name in PURPOSES
    ]


def test_a_copy_of_what_is_shipped_changes_nothing(use: Use, tmp_path: Path) -> None:
    copy = write_routes(tmp_path / "routes.toml", base=SHIPPED)

    assert routes.read_routes(copy) == routes.read_routes(SHIPPED)


def test_a_purpose_that_is_switched_off_has_nobody(use: Use, tmp_path: Path) -> None:
    own = write_routes(tmp_path / "routes.toml", base=SHIPPED, refine_image={"enabled": False})
    use("gemini", routes_file=own)

    assert able("refine_image") == ()
    with pytest.raises(SetupError, match="refine_image: it is switched off"):
        routes_for("refine_image")
    routes.check()


def test_a_file_is_found_from_any_folder_once_the_settings_are_read(
    use: Use, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.toml").write_text('[research]\nroutes = ["gateway/perplexity/sonar"]\ntimeout_s = 7\n')
    monkeypatch.setenv("PRESSROOM_ROUTES", "mine.toml")
    forget_settings()
    routes.settings()

    monkeypatch.chdir("/")

    assert purpose_named("research").timeout_s == 7
