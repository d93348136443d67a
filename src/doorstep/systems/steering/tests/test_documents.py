"""The report on paper in four languages: it can be set, it is tagged, and its numbers can be copied out."""

import re
from io import BytesIO

import pypdf
import pytest

from doorstep.kernel.documents import pdf
from doorstep.systems.steering.pages.reports import REPORT_TYP, paper
from doorstep.systems.steering.rules import charts
from doorstep.systems.steering.rules.view import report_view
from doorstep.systems.steering.tests.builders import LANGUAGES, MADE, TILES, fmt, report

NUMBERS = {
    "vi": ("489,6", "1.960.749", "14.528", "72,98%", "+2,6"),
    "en": ("489.6", "1,960,749", "14,528", "72.98%", "+2.6"),
    "de": ("489,6", "1.960.749", "14.528", "72,98", "+2,6"),
    "ar": ("489.6", "1,960,749", "14,528", "72.98%", "+2.6"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_on_paper(language: str) -> None:
    shown = report_view(report(), fmt(language), TILES, charts.PAPER)
    document = pypdf.PdfReader(BytesIO(pdf(REPORT_TYP, paper(shown), language, at=MADE)))
    assert document.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = re.sub(r"[\u2066-\u2069]", "", "".join(page.extract_text() for page in document.pages))
    for number in NUMBERS[language]:
        assert number in text
    for code, name in shown.units:
        assert code in text
        assert name in text
    assert "1:1" in document.pages[-1].extract_text()  # the notice of the simulation stands on every sheet
