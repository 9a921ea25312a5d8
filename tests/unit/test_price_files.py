"""Prices files of users: what stands in the place of what, and what cannot be used is named before anything starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.domain.errors import SetupError
from app.domain.prices import Usage, cost_micro_usd
from app.domain.states import CostBasis
from app.prices import SHIPPED, price_of, prices, read_prices
from app.routes import Route, read_routes, routes
from harness import forget_settings
from routing import SHIPPED as SHIPPED_ROUTES
from routing import as_toml, write_routes
from workers.calls import outcome_of
from workers.providers.provider import Answer

HAIKU = "gateway/anthropic/claude-haiku-4.5"
WHOLE = {"can": ["text", "vision"], "text_in": 2, "text_out": 7.5, "source": "our contract"}
"""Of a model that writes; `one_table` adds the day."""


def one_table(name: str, **changes: object) -> str:
    """Return a file with one table: WHOLE with changes; None leaves a key out."""
    keys = {key: value for key, value in (WHOLE | changes).items() if value is not None}
    lines = "".join(f"{key} = {as_toml(value)}\n" for key, value in keys.items())
    return f'["{name}"]\n{lines}as_of = 2026-11-20\n'


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return a function that makes a text the prices file of this installation."""

    def write(text: str) -> Path:
        path = tmp_path / "prices.toml"
        path.write_text(text)
        monkeypatch.setenv("PRESSROOM_PRICES", str(path))
        forget_settings()
        return path

    yield write
    monkeypatch.undo()
    forget_settings()


def refusal(path: Path) -> str:
    read_prices.cache_clear()
    with pytest.raises(SetupError) as refused:
        read_prices(path)
    return str(refused.value)


def refusal_of(folder: Path, text: str) -> str:
    path = folder / "prices.toml"
    path.write_text(text)
    told = refusal(path)
    assert f"the prices file {path} cannot be used: " in told
    return told


# ---- one's own prices


def test_a_table_of_ones_own_stands_in_the_place_of_the_shipped_one_as_a_whole(use: Callable[[str], Path]) -> None:
    use(one_table(HAIKU))
    price = price_of("gateway", "anthropic/claude-haiku-4.5")

    assert price is not None
    assert cost_micro_usd(price, Usage(1000, 1000)) == 9_500
    assert price.cached_in is None


def test_what_a_file_leaves_out_is_as_shipped(use: Callable[[str], Path]) -> None:
    use(one_table(HAIKU))

    assert {name for name, listed in prices().items() if listed != read_prices(SHIPPED)[name]} == {HAIKU}


def test_the_same_model_at_its_maker_keeps_its_price_unless_the_table_names_it_too(use: Callable[[str], Path]) -> None:
    use(one_table(HAIKU, also=["anthropic/claude-haiku-4-5"]))
    assert price_of("anthropic", "claude-haiku-4-5") == price_of("gateway", "anthropic/claude-haiku-4.5")

    use(one_table(HAIKU))
    assert price_of("anthropic", "claude-haiku-4-5") != price_of("gateway", "anthropic/claude-haiku-4.5")


def test_an_empty_file_changes_nothing(use: Callable[[str], Path]) -> None:
    use("")

    assert prices() == read_prices(SHIPPED)


def test_the_shipped_file_is_a_file_of_ones_own_too(use: Callable[[str], Path]) -> None:
    use(SHIPPED.read_text())

    assert prices() == read_prices(SHIPPED)


def test_a_model_can_be_routed_once_it_has_a_price(
    use: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = write_routes(tmp_path / "routes.toml", base=SHIPPED_ROUTES, write_content={"routes": ["gateway/acme/writer"]})
    monkeypatch.setenv("PRESSROOM_ROUTES", str(own))
    forget_settings()
    with pytest.raises(SetupError, match="the price of gateway/acme/writer is unknown") as refused:
        routes()
    assert "write it into a file that PRESSROOM_PRICES names" in str(refused.value)

    use(one_table("gateway/acme/writer"))

    assert routes().purposes["write_content"].routes[0].price == price_of("gateway", "acme/writer") is not None


def test_a_reply_of_a_model_without_a_price_is_of_unknown_cost_and_not_free() -> None:
    answer = Answer(text="hi", picture=None, usage=Usage(10, 10), cost_micro_usd=None, ref=None, status=200)

    made = outcome_of(Route(use="gateway/acme/writer"), answer, "hi")

    assert (made.cost_micro_usd, made.cost_basis) == (None, CostBasis.UNKNOWN)


def test_a_picture_that_is_counted_in_tokens(use: Callable[[str], Path]) -> None:
    tokens = {"fine": 2000, "default": 1000}
    use(one_table("openai/painter", can=["image"], text_out=0, image_out=40, image_tokens=tokens, tokens_by="quality"))
    told = [price_of("openai", "painter", options) for options in ({}, {"quality": "fine"}, {"quality": "finest"})]

    assert [price and price.image_tokens for price in told] == [1000, 2000, None]


def test_a_picture_a_request_and_a_second_may_cost_parts_of_a_micro_dollar_which_are_rounded_up(
    use: Callable[[str], Path],
) -> None:
    paid = {"text_in": None, "text_out": None}
    use(
        one_table("leonardo/x", can=["image"], per_picture=0.0000181, per_request=0.0000001, **paid)
        + one_table("openai/x", can=["transcription"], per_second=0.0000011, **paid)
    )
    drawn, heard = price_of("leonardo", "x"), price_of("openai", "x")

    assert drawn is not None
    assert (drawn.picture_micro_usd, drawn.request_micro_usd) == (19, 1)
    assert heard is not None
    assert heard.second_micro_usd == 2


# ---- what cannot be used


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"text_in": None, "text_out": None}, "it has no price; free = true says that it costs nothing"),
        ({"text_in": 0, "text_out": 0}, "it has no price; free = true says that it costs nothing"),
        ({"free": True}, "it is free, or it has a price"),
        ({"text_out": None}, "what is paid by token needs text_in and text_out"),
        ({"text_in": None}, "what is paid by token needs text_in and text_out"),
        ({"text_in": None, "text_out": None, "per_request": 1}, "what is paid by token needs text_in and text_out"),
        ({"can": ["image"]}, "what makes pictures needs image_out and image_tokens, or per_picture"),
        ({"can": ["edit"], "image_out": 30}, "image_out and image_tokens need each other"),
        ({"can": ["image"], "per_picture": 1, "image_tokens": {"default": 9}}, "image_out and image_tokens need each"),
        ({"can": ["image"], "image_out": 30, "image_tokens": {"high": 9}}, "image_tokens needs default"),
        ({"can": ["transcription"]}, "per_second is for what can transcription, which needs it"),
        ({"per_second": 1}, "per_second is for what can transcription, which needs it"),
        ({"cached_in": 2.01}, "cached_in is more than text_in"),
        ({"per_request": 2, "dearest_request": 1}, "dearest_request is less than per_request"),
        ({"text_in": 0.0000003}, "text_in: 0.0000003 is too little for a million tokens; is it the price of one?"),
        ({"text_in": -1}, "text_in: "),
        ({"text_in": 100_001}, "text_in: "),
        ({"text_in": "2"}, "text_in: "),
        ({"text_in": True}, "text_in: "),
        ({"can": []}, "can: "),
        ({"can": ["sing"]}, "can.0: "),
        ({"can": None}, "can: Field required"),
        ({"source": None}, "source: Field required"),
        ({"source": ""}, "source: "),
        ({"price": 3}, "price: there is no such key"),
        ({"image_tokens": {"default": 0}}, "image_tokens.default: "),
        ({"also": ["gpt-4o"]}, 'gpt-4o: a table is named as a route names the model, ["provider/model"]'),
        ({"also": ["leonard/x"]}, "leonard/x: there is no provider 'leonard'; there are gateway, gemini"),
        ({"also": [HAIKU]}, f"{HAIKU} is there twice"),
    ],
)
def test_a_table_in_which_something_would_be_taken_for_nothing(
    tmp_path: Path, changes: dict[str, object], told: str
) -> None:
    assert told in refusal_of(tmp_path, one_table(HAIKU, **changes))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x = 3", "x: a table is expected"),
        ("[gateway]\nx = 3", "gateway: a table is named as a route names the model"),
        (f'["{HAIKU}"]\nas_of = "2026-11-20"', f"{HAIKU}.as_of: "),
        (f'["{HAIKU}"]\ntext_in = inf', f"{HAIKU}.text_in: "),
        (f'["{HAIKU}"]\ntext_in = nan', f"{HAIKU}.text_in: "),
        (f'["{HAIKU}"]\ntext_in = 1e999999', f"{HAIKU}.text_in: "),
    ],
)
def test_a_file_in_which_something_cannot_be_read(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal_of(tmp_path, text)


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    told = refusal_of(tmp_path, one_table("acme/x", text_out=None) + one_table(HAIKU, price=1))

    for problem in (
        "there is no provider 'acme'",
        "acme/x: what is paid by token needs",
        f"{HAIKU}.price: there is no such",
    ):
        assert problem in told


def test_a_file_that_is_not_there_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    told = refusal(tmp_path / "nowhere.toml")

    assert "nowhere.toml cannot be read (No such file or directory); PRESSROOM_PRICES names it" in told


@pytest.mark.parametrize(
    "data", [b"[gateway/x]", b"a = 1\na = 2", b"\xff\xfe\x00", b"a = 1e99999999999999999999", b"a = " + b"9" * 5000]
)
def test_what_is_no_toml(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "prices.toml").write_bytes(data)

    assert "is no TOML: " in refusal(tmp_path / "prices.toml")


def test_no_route_can_be_read_with_prices_that_cannot_be_used(use: Callable[[str], Path]) -> None:
    path = use("x = 3")

    with pytest.raises(SetupError) as refused:
        read_routes(SHIPPED_ROUTES)

    assert f"the prices file {path} cannot be used: x: " in str(refused.value)


NAMES = st.sampled_from(["can", "text_in", "text_out", "image_out", "image_tokens", "also", "as_of", "free", "x"])
VALUES = st.recursive(
    st.booleans() | st.integers(-5, 300) | st.floats(-5, 300) | st.sampled_from(["", "/", HAIKU, "gemini/x", "text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([HAIKU, "openai/x", "x", ""]), VALUES, max_size=3))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_it_is_read_or_refused_by_its_name(tmp_path: Path, tables: dict[str, object]) -> None:
    path = tmp_path / "prices.toml"
    path.write_text("".join(f'"{name}" = {as_toml(value)}\n' for name, value in tables.items()))
    read_prices.cache_clear()

    try:
        found = read_prices(path)
    except SetupError as exc:
        assert str(path) in str(exc)  # noqa: PT017 - either is right
    else:
        assert HAIKU in found
