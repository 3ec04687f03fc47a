"""Any spelling of a number is read once, and read again from every spelling delivered."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioner.numbering.countries import country_of, known_countries, supplements
from provisioner.numbering.number import Kind, NumberError
from provisioner.numbering.plan import Plan, spellings

ES = Plan("ES", extensions=frozenset({"100", "101", "2214"}), services=frozenset({"*97", "*8"}))
RU = Plan("RU", area="495")
US = Plan("US", area="202")
GB = Plan("GB")
DE = Plan("DE", area="30")

SPELLINGS: list[tuple[Plan, str, list[str]]] = [
    (ES, "+34912345678", [
        "912345678", "912 345 678", "91 234 56 78", "912-345-678", "912.345.678", "(91) 2345678",
        "91/2345678", "+34912345678", "+34 912 345 678", "+34 91 234 56 78", "+34-912-345-678",
        "+34 (91) 234.56.78", "0034912345678", "0034 912 34 56 78", "00 34 91 234 56 78",
        "34912345678", "34 912 345 678", "34-91-234-56-78", "tel:+34912345678",
        "tel:+34-912-345-678", "tel:912345678;phone-context=+34", "sip:+34912345678@10.0.0.1",
        "<sip:912345678@pbx.example;user=phone>", "sips:0034912345678@pbx.example",
        " 912 345 678 ", "912\u00a0345\u00a0678", "912\u2013345\u2013678", "\uff19\uff11\uff12345678",
        "\u0669\u0661\u0662345678", "(+34) 912 345 678", "SIP:34912345678@x",
    ]),
    (RU, "+79123456789", [
        "+7 (912) 345-67-89", "+79123456789", "+7 912 345 67 89", "+7-912-345-67-89",
        "+7.912.345.67.89", "89123456789", "8912 345 67 89", "8 (912) 345-67-89", "8-912-345-67-89",
        "8 912 3456789", "8(912)3456789", "9123456789", "912 345-67-89", "(912) 345 67 89",
        "912.345.67.89", "79123456789", "7 912 345 67 89", "7(912)3456789", "81079123456789",
        "810 7 912 345 67 89", "0079123456789", "00 7 912 345 67 89", "tel:+79123456789",
        "tel:+7-912-345-67-89;ext=1", "sip:89123456789@10.0.0.1", "<sip:+79123456789@a;user=phone>",
        "8\u2013912\u2013345\u201367\u201389", " +7\u00a0912\u00a0345 67 89", "(8912) 345-67-89",
        "+7(912)345 6789", "\uff0b79123456789",
    ]),
    (US, "+12025550123", [
        "(202) 555-0123", "202-555-0123", "202.555.0123", "202 555 0123", "2025550123",
        "1-202-555-0123", "1 (202) 555-0123", "1.202.555.0123", "12025550123", "1 2025550123",
        "+1 202 555 0123", "+12025550123", "+1 (202) 555-0123", "+1-202-555-0123",
        "+1.202.555.0123", "01112025550123", "011 1 202 555 0123",
        "0012025550123", "00 1 202-555-0123", "555-0123", "5550123", "555 0123", "555.0123",
        "tel:+12025550123", "tel:+1-202-555-0123", "sip:+12025550123@sbc.example",
        "sip:2025550123@sbc.example;user=phone", "<sip:12025550123@10.1.1.1:5060>",
        " (202)5550123", "202\u2010555\u20100123", "1\u00a0202\u00a0555\u00a00123",
    ]),
    (GB, "+442079460123", [
        "020 7946 0123", "02079460123", "(020) 7946 0123", "0207 946 0123", "020-7946-0123",
        "020.7946.0123", "2079460123", "20 7946 0123", "(20) 7946-0123", "442079460123",
        "44 20 7946 0123", "44-20-7946-0123", "+442079460123", "+44 20 7946 0123",
        "+44 (0)20 7946 0123", "+44(0)2079460123", "+44 (0) 20 7946 0123", "+44-20-7946-0123",
        "+44.20.7946.0123", "00442079460123", "00 44 20 7946 0123", "0044 (0)20 7946 0123",
        "0044-20-7946-0123", "tel:+442079460123", "tel:+44-20-7946-0123",
        "sip:+442079460123@a.example", "sip:02079460123@10.0.0.1;user=phone",
        "<sip:442079460123@a.example>", " 020\u00a07946\u00a00123", "020/79460123",
        "(0)20 7946 0123",
    ]),
    (DE, "+4930901820", [
        "030 901820", "030901820", "030/901820", "030-901820", "(030) 901820", "030 90 18 20",
        "030.90.18.20", "901820", "90 18 20", "90-18-20", "+4930901820", "+49 30 901820",
        "+49 (0)30 901820", "+49 (0) 30 901820", "+49(0)30/901820", "+49-30-901820",
        "+49.30.901820", "004930901820", "0049 30 901820", "00 49 30 90 18 20",
        "0049 (0)30 901820", "0049-30-901820", "tel:+4930901820", "tel:+49-30-901820",
        "sip:+4930901820@a.example", "sip:030901820@10.0.0.1;user=phone",
        "<sip:004930901820@a.example>", " 030\u00a0901820", "030\u2013901820", "4930901820",
        "49 30 901820",
    ]),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "value", "written"), SPELLINGS, ids=lambda each: str(each)[:20])
def test_thirty_spellings_are_one_number(plan: Plan, value: str, written: list[str]) -> None:
    assert len(set(written)) >= 30
    read = {text: plan.read(text).value for text in written}
    assert {text: got for text, got in read.items() if got != value} == {}
    assert plan.read(value).kind is Kind.NATIONAL


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("2214", Kind.INTERNAL, "2214"),
        ("*97", Kind.SERVICE, "*97"),
        ("*82214", Kind.SERVICE, "*82214"),
        ("*8999", Kind.UNKNOWN, "*8999"),
        ("*21*0034912345678#", Kind.UNKNOWN, "*21*0034912345678#"),
        ("112", Kind.EMERGENCY, "112"),
        ("+34112", Kind.EMERGENCY, "112"),
        ("112#", Kind.EMERGENCY, "112"),
        ("1120053", Kind.UNKNOWN, "1120053"),
        ("+34112345678", Kind.NATIONAL, "+34112345678"),
        ("\u202a+34 912 345 678\u202c", Kind.NATIONAL, "+34912345678"),
        ("061", Kind.EMERGENCY, "061"),
        ("11818", Kind.SHORT, "11818"),
        ("anonymous", Kind.ANONYMOUS, ""),
        ("sip:anonymous@anonymous.invalid", Kind.ANONYMOUS, ""),
        ("Restricted", Kind.ANONYMOUS, ""),
        ("", Kind.ANONYMOUS, ""),
        ("0000000", Kind.ANONYMOUS, ""),
        ("reservas", Kind.UNKNOWN, "reservas"),
        ("54321", Kind.UNKNOWN, "54321"),
        ("+999 123 456", Kind.UNKNOWN, "+999123456"),
        ("+1 876 555 1234", Kind.INTERNATIONAL, "+18765551234"),
        ("442079460123", Kind.INTERNATIONAL, "+442079460123"),
    ],
)
def test_kinds_are_told_apart(text: str, kind: Kind, value: str) -> None:
    number = ES.read(text)
    assert (number.kind, number.value) == (kind, value)


@pytest.mark.parametrize(
    ("plan", "text", "nature", "country"),
    [
        (ES, "806 123 456", "premium", "ES"),
        (ES, "11818", "premium", "ES"),
        (ES, "900 123 456", "toll-free", "ES"),
        (ES, "902 123 456", "shared-cost", "ES"),
        (RU, "+870773111632", "satellite", "001"),
        (RU, "8 800 555 35 35", "toll-free", "RU"),
        (US, "1 900 555 0123", "premium", "US"),
        (US, "+1 876 555 1234", "mobile", "JM"),
    ],
)
def test_the_nature_of_a_line(plan: Plan, text: str, nature: str, country: str) -> None:
    number = plan.read(text)
    assert (number.nature, number.country) == (nature, country)


def test_an_extension_with_an_emergency_number_rings_and_stays_an_emergency() -> None:
    number = Plan("ES", extensions=frozenset({"112"})).read("112")
    assert number.kind is Kind.INTERNAL
    assert number.emergency


def test_an_extension_of_letters() -> None:
    assert Plan("ES", extensions=frozenset({"door-1"})).read("door-1").kind is Kind.INTERNAL


@pytest.mark.parametrize(
    ("outside", "text", "value"),
    [
        ("0", "0 030 901820", "+4930901820"),
        ("0", "0 00 34 912345678", "+34912345678"),
        ("0", "+4930901820", "+4930901820"),
        ("0", "0110", "110"),
        ("0", "110", "110"),
        ("0", "0", ""),
        ("9", "9 030 901820", "+4930901820"),
    ],
)
def test_a_digit_for_a_line(outside: str, text: str, value: str) -> None:
    assert Plan("DE", outside=outside).dialled(text).value == value


def test_where_what_is_abroad_counts_as_home() -> None:
    assert Plan("ES", home=frozenset({"AD"})).read("+376 812 345").kind is Kind.NATIONAL
    assert ES.read("+376 812 345").kind is Kind.INTERNATIONAL
    assert Plan("IT").read("06 69812345").kind is Kind.NATIONAL  # the Vatican
    assert RU.read("+7 701 123 45 67").kind is Kind.INTERNATIONAL  # Kazakhstan
    assert US.read("+1 809 555 0123").kind is Kind.INTERNATIONAL
    assert Plan("CA").read("1 800 234 5678").kind is Kind.NATIONAL  # costs nobody anything
    assert Plan("CA").read("+1 212 234 5678").kind is Kind.INTERNATIONAL


def test_own_prefixes() -> None:
    plan = Plan("RU", trunk_prefix="98", international_prefix="9810")
    assert plan.read("98 912 345 67 89").value == "+79123456789"
    assert plan.read("9810 34 912 345 678").value == "+34912345678"


def test_ranges_that_no_metadata_know_are_read_with_a_warning() -> None:
    number = ES.read("+34 412 345 678")
    assert number.kind is Kind.NATIONAL
    assert not number.valid


def test_too_long_for_a_number() -> None:
    with pytest.raises(NumberError, match="longer than any number"):
        ES.read("9" * 200)


@pytest.mark.parametrize("code", sorted(known_countries()))
def test_every_country_reads_its_own_example_in_every_spelling(code: str) -> None:
    plan = Plan(code)
    example = phonenumbers.example_number(code)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    number = plan.read(e164)
    assert number.value == e164
    assert number.kind is Kind.NATIONAL
    written = [
        phonenumbers.format_number(example, form)
        for form in (
            phonenumbers.PhoneNumberFormat.INTERNATIONAL,
            phonenumbers.PhoneNumberFormat.RFC3966,
        )
    ]
    assert {plan.read(text).value for text in written} == {e164}
    assert {plan.read(text).value for text in spellings(number, plan)} == {e164}
    assert country_of(code).is_emergency("112") or country_of(code).emergency_lengths


def test_a_country_without_metadata_has_emergency_numbers() -> None:
    plan = Plan("AQ")
    assert plan.read("112").kind is Kind.EMERGENCY
    assert plan.read("911").kind is Kind.EMERGENCY
    assert plan.read("+34912345678").kind is Kind.INTERNATIONAL
    assert plan.read("912345678").kind is Kind.UNKNOWN


def test_numbers_added_to_the_metadata_say_where_they_are_from() -> None:
    for code, source, confidence in supplements():
        assert code == "fallback" or code in known_countries()
        assert source
        assert confidence in {"standard", "regulator"}


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="+0123456789*#()-. /xX,;:@<>abc\u00a0\u0661", max_size=30))
def test_reading_never_fails_and_reads_its_own_value_again(text: str) -> None:
    for plan in (ES, RU, DE):
        number = plan.read(text)
        if number.kind in {Kind.NATIONAL, Kind.INTERNATIONAL}:
            assert plan.read(number.value) == number
