"""Documents: right in four languages when read and when copied, whole and signed."""

import io
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typst
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from doorstep.kernel import documents

TEMPLATE = Path(__file__).parent / "sample.typ"
AT = datetime(2024, 6, 30, 16, 5, tzinfo=UTC)

SAMPLES = {
    "vi": ("Giấy xác nhận thông báo lưu trú", "Đường phố Nguyễn Huệ; ưỡẫặỗợữỹ"),
    "en": ("Acknowledgement of a lodging notice", "Every alley, every home, every person"),
    "de": ("Bestätigung einer Übernachtungsmeldung", "Größe, Maß, Übung"),
    "ar": ("إشعار باستلام إبلاغ الإقامة", "لا تتأخر الإدارة الأولى عن النزيل"),
}


def data(language: str, **more: object) -> dict[str, object]:
    title, body = SAMPLES[language]
    return {
        "title": title,
        "issuer": "Lào Cai",
        "reference": "0000-0000-0000-0001-G",
        "page_of": "{page}/{pages}",
        "body": body,
        "note": "",
        "facts": [["A", "1"], ["B", "\u200e-5.5"]],
        "header": ["A", "B", "C"],
        "rows": [["Nguyễn", "101", "350.000 ₫"]] * 3,
        "qr": documents.qr_svg("0000-0000-0000-0001-G"),
        "qr_alt": "QR",
        **more,
    }


def text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


@pytest.mark.parametrize("language", SAMPLES)
def test_text_copied_out_of_a_document_is_the_text_put_in(language):
    read = text(documents.pdf(TEMPLATE, data(language), language))
    for words in SAMPLES[language]:
        assert set(words.replace("،", "").split()) <= set(read.split())


def test_vowel_signs_do_not_spoil_copied_arabic():
    read = text(documents.pdf(TEMPLATE, data("ar", body="أُعدّ من سجلات محاكاة"), "ar"))
    assert {"أعد", "من"} <= set(read.split())


@pytest.mark.parametrize("language", SAMPLES)
def test_a_document_says_title_language_and_structure(language):
    reader = PdfReader(io.BytesIO(documents.pdf(TEMPLATE, data(language), language)))
    assert reader.metadata is not None
    assert reader.metadata.title == SAMPLES[language][0]
    catalog = reader.root_object
    assert catalog["/Lang"] == language
    assert catalog["/MarkInfo"]["/Marked"].value
    assert (
        "/Direction" in catalog["/ViewerPreferences"] and catalog["/ViewerPreferences"]["/Direction"] == "/R2L"
    ) is (language == "ar")
    xmp = catalog["/Metadata"].get_data().decode()
    assert "pdfuaid:part" in xmp
    assert "pdfaid:part" in xmp


def test_the_same_input_makes_the_same_bytes():
    made = {documents.pdf(TEMPLATE, data("de"), "de", at=AT) for _ in range(2)}
    assert len(made) == 1


def test_a_picture_without_words_is_refused():
    with pytest.raises(typst.TypstError, match="alt"):
        documents.pdf(TEMPLATE, data("en", qr_alt=None), "en")


@pytest.mark.parametrize("name", ["Nguyễn Thị Hoà", "a\u0301", "لا", "Müller-Lüdenscheidt", "\u200e-12,5 %"])
def test_names_that_the_fonts_have_are_covered(name):
    assert documents.covers(name)


@pytest.mark.parametrize("name", ["金明", "김철수", "😀", "Nguyễn 金", "\x00"])
def test_names_that_no_font_has_are_found_before_printing(name):
    assert not documents.covers(name)
    with pytest.raises(typst.TypstError, match=r"could not be displayed|disallowed"):
        documents.pdf(TEMPLATE, data("en", body=name), "en")


@given(st.text(max_size=20))
@settings(max_examples=60)
def test_what_is_covered_can_be_printed(name):
    if documents.covers(name):
        documents.pdf(TEMPLATE, data("en", body=name), "en")


@given(st.text(min_size=1, max_size=60))
@settings(max_examples=20)
def test_a_qr_code_is_a_picture_that_documents_take(content):
    documents.pdf(TEMPLATE, data("en", qr=documents.qr_svg(content)), "en")


def verdict(pdf: bytes) -> tuple[bool, bool]:
    """Whether the signature is intact, and whether it is by this installation and covers the whole file."""
    own = x509.load_pem_x509_certificate(documents._key_file(AT).read_bytes())
    trusted = asn1.Certificate.load(own.public_bytes(Encoding.DER))
    signature = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
    context = ValidationContext(trust_roots=[trusted], moment=AT)
    status = validate_pdf_signature(signature, context)
    return status.intact and status.valid, status.trusted and status.bottom_line


def test_a_signature_holds_and_states_its_time(home):
    signed = documents.signed(documents.pdf(TEMPLATE, data("vi"), "vi"), "Acknowledgement", AT)
    assert verdict(signed) == (True, True)
    fields = PdfReader(io.BytesIO(signed)).get_fields() or {}
    assert fields["Doorstep"]["/V"]["/M"] == "D:20240630160500Z"
    assert fields["Doorstep"]["/V"]["/Reason"] == "Acknowledgement"


def test_a_changed_byte_breaks_the_signature(home):
    signed = documents.signed(documents.pdf(TEMPLATE, data("vi"), "vi"), "Acknowledgement", AT)
    place = signed.index(b"endobj") - 20
    broken = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
    assert not verdict(broken)[0]


def test_another_installation_is_not_trusted(home, tmp_path_factory, settings):
    signed = documents.signed(documents.pdf(TEMPLATE, data("vi"), "vi"), "Acknowledgement", AT)
    settings.HOME = tmp_path_factory.mktemp("other")
    assert verdict(signed) == (True, False)


def test_the_key_is_made_once_and_closed_to_others(home):
    first = documents._key_file(AT).read_bytes()
    assert documents._key_file(AT).read_bytes() == first
    assert stat.S_IMODE((home / "keys" / "documents.pem").stat().st_mode) == 0o600
    assert [path.name for path in (home / "keys").iterdir()] == ["documents.pem"]
