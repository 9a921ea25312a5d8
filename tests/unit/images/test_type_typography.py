"""Marks of punctuation, as each language has them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.images.compositor.typography import NBSP, typeset

NNBSP = "\u202f"


@pytest.mark.parametrize(
    ("language", "typed", "done"),
    [
        ("en", "He said \"it's 'fine'\"", "He said “it’s ‘fine’”"),
        ("en", "6'2\" tall, rock 'n' roll in the '90s", "6′2″ tall, rock ’n’ roll in the ’90s"),
        ("de", 'Er sagte "los, geht\'s"', "Er sagte „los, geht’s“"),
        ("pl", 'Powiedział "tak"', "Powiedział „tak”"),
        ("sv", 'Hon sa "ja"', "Hon sa ”ja”"),
        ("fr", 'Il dit "oui": vraiment?', f"Il dit «{NNBSP}oui{NNBSP}»{NBSP}: vraiment{NNBSP}?"),
        ("fr", "À 10:30, voir https://a.fr/?b", "À 10:30, voir https://a.fr/?b"),
        ("es", '¿Dijo "vamos"? ¡Sí!', "¿Dijo «vamos»? ¡Sí!"),
        ("pt-BR", 'Disse "sim"', "Disse “sim”"),
        ("ru", 'Он сказал "да" - и ушёл', f"Он сказал «да»{NBSP}— и{NBSP}ушёл"),
        ("ur", 'اس نے کہا "چلو", ٹھیک ہے۔', "اس نے کہا ”چلو“، ٹھیک ہے۔"),
        ("ar", 'قال "نعم", حقا?', "قال «نعم»، حقا؟"),
        ("he", 'צה"ל אמר "כן"', "צה״ל אמר ”כן”"),
        ("hi", 'उसने कहा "हाँ"...', "उसने कहा “हाँ”…"),
        ("zh", '他说"你好", 对吗? 好...', "他说“你好”，对吗？好……"),
        ("zh-Hant", '他說"你好"', "他說「你好」"),
        ("ja", '彼は"はい"と言った...', "彼は「はい」と言った……"),
        ("zh", "等一下--好吧", "等一下——好吧"),
        ("en", "Earn PKR 10,000 or $ 5", f"Earn PKR{NBSP}10,000 or ${NBSP}5"),
        ("en", "10,000 PKR, 5 € and Rs. 40", f"10,000{NBSP}PKR, 5{NBSP}€ and Rs.{NBSP}40"),
        ("ur", "AI سے PKR 10,000 کمائیں", f"AI سے PKR{NBSP}10,000 کمائیں"),
        ("en", "In 2024 $5, in 2025 PKR 10", f"In 2024 $5, in 2025 PKR{NBSP}10"),
        ("xx", 'Some "words"', "Some “words”"),
    ],
)
def test_typed_marks_become_those_of_the_language(language: str, typed: str, done: str) -> None:
    assert typeset(typed, language) == done
    assert typeset(done, language) == done


def test_an_inch_mark_after_a_number_does_not_open_a_quotation() -> None:
    assert typeset('a 5" and a "6" tablet') == "a 5″ and a “6” tablet"


def test_marks_that_are_right_already_are_left_alone() -> None:
    for language, text in (("de", "„So“"), ("ja", "「はい」。"), ("ur", "”چلو“۔"), ("es", "¡«Sí»!")):
        assert typeset(text, language) == text


LANGUAGES = st.sampled_from(["en", "de", "fr", "es", "ru", "cs", "ur", "ar", "he", "zh", "ja", "hi"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*"\"\"''--..  :;!?()«»“”a1b،م你,はא*_\n½″′$€", "PKR", "Rs"]), max_size=14), LANGUAGES)
def test_setting_any_text_twice_changes_nothing(pieces: list[str], language: str) -> None:
    once = typeset("".join(pieces), language)
    assert typeset(once, language) == once
