"""The tree of errors: stable codes, and what a retry loop needs to know."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from app.domain import errors, provider_errors
from app.domain.errors import PressroomError, RequestError
from app.domain.provider_errors import ProviderBusy, ProviderError


def below(kind: type[PressroomError]) -> Iterator[type[PressroomError]]:
    for child in kind.__subclasses__():
        yield child
        yield from below(child)


MODULES = {errors.__name__, provider_errors.__name__}
ALL = sorted({kind for kind in below(PressroomError) if kind.__module__ in MODULES}, key=lambda k: k.__name__)
OF_PROVIDERS = [kind for kind in ALL if issubclass(kind, ProviderError) and kind is not ProviderError]


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_has_a_code_of_its_own(kind: type[PressroomError]) -> None:
    assert re.fullmatch(r"[a-z_]+", kind.code)
    assert [other for other in ALL if other.code == kind.code and other is not RequestError] in ([kind], [])


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
def test_every_error_says_when_it_is_raised(kind: type[PressroomError]) -> None:
    assert (kind.__doc__ or "").startswith(("Raised ", "Never raised directly."))


def test_a_code_can_be_made_more_exact() -> None:
    assert errors.QuotaExceeded("no", code="quota_exceeded:posts").code == "quota_exceeded:posts"


def test_an_error_of_a_provider_charged_nothing_unless_it_says_so() -> None:
    assert ProviderBusy("busy", provider="gateway").charged is False


@pytest.mark.parametrize("kind", OF_PROVIDERS, ids=lambda kind: kind.__name__)
def test_only_waiting_can_mend_a_provider_that_is_busy_or_down(kind: type[ProviderError]) -> None:
    assert kind.permanent == (kind.__name__ not in {"ProviderBusy", "ProviderDown"})


@pytest.mark.parametrize("kind", list(below(RequestError)), ids=lambda kind: kind.__name__)
def test_what_the_caller_can_mend_is_a_4xx(kind: type[RequestError]) -> None:
    assert 400 <= kind.status < 500


WELL = errors.Cause("a", "m", "provider_down", "500")
SHUT = errors.Cause("b", "m", "provider_busy", "429", retry_after_s=300, is_waiting=True)
DEAD = errors.Cause("c", "m", "provider_account", "no credit", is_permanent=True)


@pytest.mark.parametrize(
    ("causes", "permanent", "is_waiting", "retry_after_s"),
    [
        ([WELL], False, False, 0),
        ([SHUT], False, True, 300),
        ([DEAD], True, True, 0),
        ([DEAD, DEAD], True, True, 0),
        ([DEAD, WELL], False, False, 0),
        ([DEAD, SHUT], False, True, 300),
        ([WELL, SHUT], False, False, 0),
        ([SHUT, errors.Cause("d", "m", "x", "y", retry_after_s=7, is_waiting=True)], False, True, 7),
    ],
)
def test_when_all_failed_one_that_can_still_help_decides_what_is_worth_trying(
    causes: list[errors.Cause], *, permanent: bool, is_waiting: bool, retry_after_s: float
) -> None:
    failed = errors.AllProvidersFailed("render_image", causes)

    assert (failed.permanent, failed.is_waiting, failed.retry_after_s) == (permanent, is_waiting, retry_after_s)


def test_when_all_failed_each_ones_reason_is_told_in_the_order_asked() -> None:
    failed = errors.AllProvidersFailed("render_image", [DEAD, WELL])

    assert str(failed) == "no provider could do render_image: c: no credit; a: 500"
    assert failed.causes == (DEAD, WELL)


def test_a_cause_is_shown_with_provider_model_code_and_message() -> None:
    assert DEAD.as_dict() == {"provider": "c", "model": "m", "code": "provider_account", "message": "no credit"}
