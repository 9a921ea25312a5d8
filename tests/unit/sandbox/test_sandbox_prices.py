"""What the stand-in gateway charges."""

from sandbox.catalogue import MODELS, cost_micro_usd, usd


def test_a_picture_costs_its_input_and_its_image_tokens_to_the_micro_dollar() -> None:
    model = MODELS["google/gemini-3.1-flash-image"]
    assert cost_micro_usd(model, prompt_tokens=300, text_tokens=0, image_tokens=1120) == 67_350


def test_text_costs_input_and_output_at_the_listed_price() -> None:
    assert cost_micro_usd(MODELS["anthropic/claude-sonnet-4.6"], 300, 240, 0) == 4_500


def test_a_fraction_of_a_micro_dollar_is_rounded_up() -> None:
    assert cost_micro_usd(MODELS["openai/gpt-5.4-nano"], 1, 1, 0) == 2


def test_sonar_adds_its_fee_per_request() -> None:
    assert cost_micro_usd(MODELS["perplexity/sonar"], 10, 251, 0) == 5_261


def test_a_model_without_a_known_price_costs_none_and_never_zero() -> None:
    assert cost_micro_usd(MODELS["anthropic/claude-sonnet-5"], 100, 100, 0) is None


def test_money_is_written_as_a_plain_decimal_string() -> None:
    assert [usd(n) for n in (0, 8, 67_350, 4_500_000, 95_500_000)] == ["0", "0.000008", "0.06735", "4.5", "95.5"]


def test_retired_slugs_are_not_in_the_catalogue() -> None:
    assert not {"google/gemini-3-flash-image-preview", "google/gemini-2.0-flash-exp", "openai/gpt-image-1"} & set(
        MODELS
    )
