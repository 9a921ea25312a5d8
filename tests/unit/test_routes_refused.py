"""Routes files that cannot be used: each problem is named before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from app.domain.capabilities import OPTIONS
from app.domain.errors import SetupError
from app.routes import read_routes
from routing import as_toml

ROUTE = '["gateway/google/gemini-2.5-flash"]'
PAINTER = "gateway/google/gemini-3.1-flash-image"


def refusal(path: Path) -> str:
    read_routes.cache_clear()
    with pytest.raises(SetupError) as refused:
        read_routes(path)
    return str(refused.value)


def refusal_of(folder: Path, text: str) -> str:
    path = folder / "routes.toml"
    path.write_text(text)
    told = refusal(path)
    assert str(path) in told
    return told


def one_route(purpose: str, use: str, **options: object) -> str:
    return f"[{purpose}]\nroutes = [{as_toml({'use': use, 'options': options})}]\n"


@pytest.mark.parametrize(
    ("purpose", "use"),
    [
        ("render_image", "anthropic/claude-sonnet-4-6"),  # the provider makes no pictures
        ("render_image", "gemini/gemini-2.5-flash"),  # the model makes none
        ("render_image", "gateway/perplexity/sonar"),
        ("refine_image", "leonardo/de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"),  # makes pictures and changes none
        ("write_content", "leonardo/de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3"),
        ("write_content", "openai/gpt-image-2"),
        ("write_content", "gateway/openai/gpt-image-2"),
        ("write_content", "openai/omni-moderation-latest"),
        ("review_image", "gateway/perplexity/sonar"),  # does not see
        ("research", "gateway/google/gemini-2.5-flash"),  # has no sources
        ("screen_image", "gateway/google/gemini-2.5-flash"),
        ("screen_image", "openai/gpt-4o"),
    ],
)
def test_a_model_that_cannot_do_what_a_purpose_needs(tmp_path: Path, purpose: str, use: str) -> None:
    assert f"{purpose}: {use} cannot be asked for " in refusal_of(tmp_path, one_route(purpose, use))


@pytest.mark.parametrize("use", ["leonard/phoenix", "gemini-2.5-flash", "Gateway/openai/gpt-4o", "/gpt-4o", ""])
def test_a_provider_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path, use: str) -> None:
    told = refusal_of(tmp_path, one_route("write_content", use))

    assert f"write_content: there is no provider {use.partition('/')[0]!r}; there are gateway, gemini" in told


@pytest.mark.parametrize("use", ["gateway/acme/writer", "anthropic/claude-haiku-4.5", "gemini/", "openai/gpt-6"])
def test_a_model_without_a_price(tmp_path: Path, use: str) -> None:
    told = refusal_of(tmp_path, one_route("write_content", use))

    assert (
        f"the price of {use} is unknown, and every run has a budget; write it into a file that PRESSROOM_PRICES names"
        in told
    )


def test_a_quality_without_a_price(tmp_path: Path) -> None:
    told = refusal_of(tmp_path, one_route("render_image", "openai/gpt-image-2", quality="max"))

    assert "the price of openai/gpt-image-2 with these options is unknown" in told


@pytest.mark.parametrize(
    ("use", "option"), [("gemini/gemini-3.1-flash-image", "quality"), (PAINTER, "poll_s"), (PAINTER, "Quality")]
)
def test_an_option_that_the_provider_does_not_know(tmp_path: Path, use: str, option: str) -> None:
    told = refusal_of(tmp_path, one_route("render_image", use, **{option: "low"}))

    assert f"render_image: {use.partition('/')[0]} knows no option {option}" in told


@pytest.mark.parametrize("value", ["1979-05-27", "{ a = 1 }", "[[1]]", "inf", "[nan]"])
def test_an_option_that_no_provider_could_be_sent(tmp_path: Path, value: str) -> None:
    text = f'[render_image]\nroutes = [{{ use = "{PAINTER}", options = {{ sort = {value} }} }}]'

    assert "an option is a number, a text, true or false, or a list of these" in refusal_of(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"[write_content]\nroutes = {ROUTE}\ntimeout = 3", "write_content.timeout: there is no such key"),
        ('[write_content]\nroutes = [{ use = "x/y", model = "z" }]', "write_content.routes.0.model: there is no such"),
        ("[write_content]\ntimeout_s = 3", "write_content.routes: Field required"),
        ("[write_content]\nroutes = []", "write_content.routes: "),
        ('[write_content]\nroutes = "gateway/google/gemini-2.5-flash"', "write_content.routes: "),
        ("[write_content]\nroutes = [3]", "write_content.routes.0: a table is expected"),
        ("[write_content]\nroutes = [{ timeout_s = 3 }]", "write_content.routes.0.use: Field required"),
        ("write_content = 3", "write_content: a table is expected"),
        (f"[write_content]\nroutes = {ROUTE}\ntimeout_s = 0", "write_content.timeout_s: "),
        (f"[write_content]\nroutes = {ROUTE}\ntimeout_s = 201", "write_content.timeout_s: "),
        (f"[write_content]\nroutes = {ROUTE}\ntimeout_s = nan", "write_content.timeout_s: "),
        (f'[write_content]\nroutes = {ROUTE}\ntimeout_s = "60"', "write_content.timeout_s: "),
        (f"[write_content]\nroutes = {ROUTE}\ntimeout_s = true", "write_content.timeout_s: "),
        (f"[write_content]\nroutes = {ROUTE}\nenabled = false", "write_content.enabled: no post can be made without"),
        (f'[write_content]\nroutes = {ROUTE}\nenabled = "no"', "write_content.enabled: "),
        (f"[write_content]\nroutes = {ROUTE}\nreview = false", "write_content.review: it makes no pictures"),
        (f"[write_content]\nroutes = {ROUTE}\nmin_bytes = 0", "write_content.min_bytes: it makes no pictures"),
        (f'[render_image]\nroutes = ["{PAINTER}"]\nmin_bytes = -1', "render_image.min_bytes: "),
        ("timeout_s = 30", "there is no purpose 'timeout_s'; there are write_content, "),
        (f"[write_contents]\nroutes = {ROUTE}", "there is no purpose 'write_contents'; there are write_content, "),
        ("limits = 3", "limits: write [limits.gemini]"),
        ("[limits]\nimage = 3", "limits.image: a table is expected"),
        ("[limits.gemin]\nimage = { in_flight = 1 }", "limits: there is no provider 'gemin'; there are gateway"),
        ("[limits.gemini]\nimages = { in_flight = 1 }", "limits.gemini.images: there is no such key"),
        ("[limits.gemini]\nimage = { in_flight = 0 }", "limits.gemini.image.in_flight: "),
        ("[limits.gemini]\nimage = { in_flight = 1.5 }", "limits.gemini.image.in_flight: "),
        ("[limits.gemini]\nimage = { in_flight = true }", "limits.gemini.image.in_flight: "),
        ("[limits.gemini]\nimage = { per_second = 1 }", "limits.gemini.image.in_flight: Field required"),
        ("[limits.gemini]\nimage = { in_flight = 1, per_second = -1 }", "limits.gemini.image.per_second: "),
        ("[limits.gemini]\nimage = { in_flight = 1, per_second = inf }", "limits.gemini.image.per_second: "),
        ("[limits.gemini]\nimage = { in_flight = 1, burst = 0 }", "limits.gemini.image.burst: "),
    ],
)
def test_a_table_that_cannot_be_read_is_told_with_its_place(tmp_path: Path, text: str, where: str) -> None:
    assert where in refusal_of(tmp_path, text)


def test_every_problem_is_named_at_once(tmp_path: Path) -> None:
    told = refusal_of(
        tmp_path,
        """
        [write_content]
        routes = ["leonard/x", "openai/gpt-image-2"]
        timeout = 3
        [render_image]
        routes = ["gateway/acme/painter", { use = "gemini/gemini-3.1-flash-image", options = { quality = "low" } }]
        [rendr]
        routes = ["x"]
        [limits.gemini]
        image = { in_flight = 0 }
        """,
    )

    for problem in (
        "write_content: there is no provider 'leonard'",
        "write_content: openai/gpt-image-2 cannot be asked for text",
        "write_content.timeout: there is no such key",
        "the price of gateway/acme/painter is unknown",
        "gemini knows no option quality",
        "there is no purpose 'rendr'",
        "limits.gemini.image.in_flight: ",
    ):
        assert problem in told


def test_a_file_that_is_not_there_is_told_with_the_setting_that_names_it(tmp_path: Path) -> None:
    told = refusal(tmp_path / "nowhere.toml")

    assert "nowhere.toml cannot be read (No such file or directory); PRESSROOM_ROUTES names it" in told


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert "cannot be read" in refusal(tmp_path)


@pytest.mark.parametrize("data", [b"[write_content", b"routes = [", b"a = 1\na = 2", b"\xff\xfe\x00"])
def test_what_is_no_toml(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "routes.toml").write_bytes(data)

    assert "is no TOML: " in refusal(tmp_path / "routes.toml")


NAMES = st.sampled_from(["routes", "use", "options", "timeout_s", "image", "in_flight", "gemini", "x"])
VALUES = st.recursive(
    st.booleans() | st.integers(-5, 300) | st.floats(-5, 300) | st.sampled_from(["", "/", PAINTER, "gemini/x", "x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["write_content", "render_image", "limits", "x"]), VALUES, max_size=3))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_file_holds_it_is_read_or_refused_by_its_name(tmp_path: Path, tables: dict[str, object]) -> None:
    path = tmp_path / "routes.toml"
    path.write_text("".join(f"{name} = {as_toml(value)}\n" for name, value in tables.items()))
    read_routes.cache_clear()

    try:
        found = read_routes(path)
    except SetupError as exc:
        assert str(path) in str(exc)  # noqa: PT017 - either is right
    else:
        assert {"write_content", "render_image", "screen_image"} <= found.purposes.keys()


def test_every_provider_says_which_options_it_knows() -> None:
    assert all(OPTIONS.values())
