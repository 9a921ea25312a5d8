"""Leonardo's jobs: submitted once, noted at once, waited for in time, downloaded from nowhere else."""

from __future__ import annotations

import copy
import time
from typing import Any

import pytest
from provider_loopback import PAINTERS, PNG, SAMPLES, Loopback, paint

from app.domain.provider_errors import ProviderDown, ProviderError, ProviderRejected
from workers.providers import leonardo
from workers.providers.provider import Answer, Call
from workers.providers.registry import provider_named

ID = "3bc8f0a1-6a52-4b0c-9e35-5d1f1c5e9d11"
QUICK = {"poll_s": 0.001, "polls": 5}


def complete(server: Loopback, **image: Any) -> Any:
    job = copy.deepcopy(SAMPLES["leo_complete"])
    job["generations_by_pk"]["generated_images"][0] |= {"url": f"{server.url}/cdn/x_0.png", **image}
    return job


def requests(server: Loopback) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in server.seen]


def test_a_job_is_submitted_noted_polled_and_downloaded(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(SAMPLES["leo_pending"])
    vendor_server.say(complete(vendor_server))
    vendor_server.say(PNG, headers={"Content-Type": "image/png; charset=binary"})
    noted: list[tuple[str, int]] = []
    answer = provider_named("leonardo").picture(
        Call(PAINTERS["leonardo"], 5, {**QUICK, "alchemy": True}),
        "A quiet harbour",
        aspect_ratio="4:5",
        note_ref=lambda ref: noted.append((ref, len(vendor_server.seen))),
    )
    assert answer == Answer("", PNG, None, 18_000, ID, 200, declared_type="image/png", asked_px=(1088, 1360))
    assert noted == [(ID, 1)]  # before the first poll
    poll = f"GET /api/rest/v1/generations/{ID}"
    assert requests(vendor_server) == ["POST /api/rest/v1/generations", poll, poll, "GET /cdn/x_0.png"]
    assert vendor_server.seen[0].json == {
        "modelId": PAINTERS["leonardo"],
        "prompt": "A quiet harbour",
        "num_images": 1,
        "width": 1088,
        "height": 1360,
        "contrast": 3.5,
        "enhancePrompt": False,
        "public": False,
        "alchemy": True,
    }
    assert vendor_server.seen[0].headers["authorization"] == "Bearer k-123"
    assert "authorization" not in vendor_server.seen[-1].headers  # the key is not for a CDN


@pytest.mark.parametrize(
    ("cost", "micro_usd"),
    [
        ({"amount": "0.0180", "unit": "DOLLARS"}, 18_000),
        ({"amount": 0.018, "unit": "DOLLARS"}, 18_000),
        ({"amount": "9", "unit": "CREDITS"}, None),
        ({"amount": "9"}, None),
        (None, None),
    ],
)
def test_dollars_are_a_cost_and_credits_are_not(vendor_server: Loopback, cost: object, micro_usd: int | None) -> None:
    vendor_server.say({"sdGenerationJob": {"generationId": ID, "cost": cost}})
    vendor_server.say(complete(vendor_server))
    vendor_server.say(PNG)
    assert paint("leonardo").cost_micro_usd == micro_usd


def test_resume_waits_on_without_a_submit(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_pending"])
    vendor_server.say(complete(vendor_server))
    vendor_server.say(PNG)
    answer = provider_named("leonardo").resume(Call(PAINTERS["leonardo"], 5, QUICK), ID)
    assert (answer.picture, answer.cost_micro_usd) == (PNG, None)
    assert not any(line.startswith("POST") for line in requests(vendor_server))


def test_a_job_that_failed_is_paid_and_over(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    failed = copy.deepcopy(SAMPLES["leo_pending"])
    failed["generations_by_pk"]["status"] = "FAILED"
    vendor_server.say(failed)
    answer = paint("leonardo")
    assert (answer.picture, answer.is_blocked, answer.cost_micro_usd) == (None, False, 18_000)


def test_a_picture_marked_nsfw_is_blocked_and_not_fetched(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(complete(vendor_server, nsfw=True))
    answer = paint("leonardo")
    assert (answer.picture, answer.is_blocked) == (None, True)
    assert len(vendor_server.seen) == 2


def test_a_job_that_ended_without_pictures_is_empty(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say({"generations_by_pk": {"status": "COMPLETE", "generated_images": []}})
    answer = paint("leonardo")
    assert (answer.picture, answer.is_blocked) == (None, False)


def test_polls_and_downloads_that_fail_are_tried_again(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(b"<html>", 502)
    vendor_server.say({"error": "too many", "code": "unexpected"}, 429)
    vendor_server.say(complete(vendor_server))
    vendor_server.say(b"not yet", 404)
    vendor_server.say(complete(vendor_server))
    vendor_server.say(PNG)
    assert paint("leonardo").picture == PNG
    assert [line.partition(" ")[0] for line in requests(vendor_server)].count("POST") == 1


@pytest.mark.parametrize(
    ("status", "body"), [(200, SAMPLES["leo_pending"]), (500, {"error": "x"}), (200, {}), (401, {"error": "x"})]
)
def test_a_job_that_does_not_end_is_unknown_and_keeps_its_id(
    vendor_server: Loopback, status: int, body: object
) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(body, status)
    noted: list[str] = []
    with pytest.raises(ProviderDown, match=ID) as caught:
        provider_named("leonardo").picture(
            Call(PAINTERS["leonardo"], 5, QUICK), "A cat", aspect_ratio="1:1", note_ref=noted.append
        )
    assert (caught.value.charged, noted) == (None, [ID])
    assert len(vendor_server.seen) == 1 + 5


def test_waiting_ends_with_the_deadline(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(SAMPLES["leo_pending"])
    began = time.monotonic()
    with pytest.raises(ProviderDown):
        paint("leonardo", timeout_s=0.3, poll_s=0.05, polls=1000)
    assert time.monotonic() - began < 1.0


def test_a_submit_without_an_id_may_have_been_charged(vendor_server: Loopback) -> None:
    vendor_server.say({"sdGenerationJob": {"generationId": 5}})
    with pytest.raises(ProviderDown) as caught:
        paint("leonardo")
    assert caught.value.charged is None


@pytest.mark.parametrize("options", [{"poll_s": "1"}, {"polls": -1}, {"polls": True}])
def test_a_wrong_rhythm_is_refused_before_the_submit(vendor_server: Loopback, options: dict[str, Any]) -> None:
    with pytest.raises(ProviderRejected):
        paint("leonardo", **options)
    assert vendor_server.seen == []


def test_a_prompt_that_is_too_long_is_cut_between_words(vendor_server: Loopback) -> None:
    vendor_server.say({}, 500)
    with pytest.raises(ProviderError):
        provider_named("leonardo").picture(Call("m", 5, QUICK), "harbour " * 300, aspect_ratio="1:1")
    prompt = vendor_server.seen[0].json["prompt"]
    assert len(prompt) <= 1500
    assert prompt.endswith("harbour")


@pytest.mark.parametrize(
    ("url", "base_url", "is_allowed"),
    [
        ("https://cdn.leonardo.ai/users/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", True),
        ("https://cdn.leonardo.ai:443/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", True),
        ("https://cloud.leonardo.ai/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", True),
        ("http://127.0.0.1:9000/x.jpg", "http://127.0.0.1:9000/api/rest/v1", True),
        ("http://sandbox:9000/x.jpg", "http://sandbox:9000/api/rest/v1", True),
        ("http://cdn.leonardo.ai/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("http://cloud.leonardo.ai/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("https://cdn.leonardo.ai:8443/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("https://cdn.leonardo.ai.evil.example/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("https://cdn.leonardo.ai@evil.example/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("https://me@cdn.leonardo.ai/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("http://127.0.0.1:6379/x.jpg", "http://127.0.0.1:9000/api/rest/v1", False),
        ("http://169.254.169.254/latest", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("file:///etc/passwd", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("https://cdn.leonardo.ai:x/", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("//cdn.leonardo.ai/x.jpg", "https://cloud.leonardo.ai/api/rest/v1", False),
        ("https://[cdn.leonardo.ai/", "https://cloud.leonardo.ai/api/rest/v1", False),
    ],
)
def test_where_pictures_may_be_fetched_from(url: str, base_url: str, is_allowed: bool) -> None:  # noqa: FBT001
    assert leonardo._is_allowed(url, base_url) is is_allowed


def test_a_picture_at_a_strangers_address_is_not_fetched(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(complete(vendor_server, url="http://127.0.0.1:1/x.png"))
    with pytest.raises(ProviderDown, match="not its own") as caught:
        paint("leonardo")
    assert caught.value.charged is None


def test_a_redirect_is_not_followed(vendor_server: Loopback) -> None:
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(complete(vendor_server))
    vendor_server.say(b"", 302, {"Location": "http://169.254.169.254/"})
    with pytest.raises(ProviderDown):
        paint("leonardo")
    assert all("169.254" not in line for line in requests(vendor_server))


def test_a_picture_that_is_too_large_is_not_read_to_its_end(
    vendor_server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leonardo, "MAX_PICTURE_BYTES", 1000)
    vendor_server.say(SAMPLES["leo_create_ok"])
    vendor_server.say(complete(vendor_server))
    vendor_server.say(bytes(2000))
    with pytest.raises(ProviderDown, match="more than 1000 bytes"):
        paint("leonardo", polls=1)
