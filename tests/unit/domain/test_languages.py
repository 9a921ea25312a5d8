from __future__ import annotations

import pytest

from app.domain.languages import is_rtl_language


@pytest.mark.parametrize("language", ["ur", "ar", "ar-EG", "he", "fa-IR", "az-Arab", "AZ_ARAB", "ks", "yi"])
def test_some_languages_are_written_from_right_to_left(language: str) -> None:
    assert is_rtl_language(language)


@pytest.mark.parametrize("language", ["en", "hi", "zh-Hant", "ur-Latn", "ks-Deva", "pa", "az", ""])
def test_the_others_are_not(language: str) -> None:
    assert not is_rtl_language(language)
