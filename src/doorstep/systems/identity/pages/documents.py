"""An officer checks a document: chip, lines and code, with each other and with the register."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_GET, require_http_methods

from doorstep.kernel.expiry import OPERATOR, WINDOW
from doorstep.kernel.values.ids import Masked
from doorstep.kernel.values.reasons import Reason, Refused
from doorstep.kernel.web import wording
from doorstep.kernel.web.forms import takes_file
from doorstep.kernel.web.routes import page
from doorstep.kernel.web.visits import REFUSED, enter, further, tried
from doorstep.systems.identity.actions import documents as actions
from doorstep.systems.identity.actions.documents import Checked
from doorstep.systems.identity.forms.home import DocumentForm
from doorstep.systems.identity.pages.eid import whole
from doorstep.systems.identity.permissions import CHECK, READ_TRUST
from doorstep.systems.identity.queries.trust import PAGE, trust_files
from doorstep.systems.identity.rules.chip.findings import Verdict
from doorstep.systems.identity.rules.documents import FILES_TOO_LARGE, MOST_BYTES, read_chip_files
from doorstep.systems.identity.rules.looks import FIELDS

_COLOURS = {Verdict.AUTHENTIC: "success", Verdict.INTEGRITY_ONLY: "warning"}


def _sizes(size: int) -> Sequence[Reason]:
    return [FILES_TOO_LARGE("chip", most=MOST_BYTES // 1_000_000)] if size > MOST_BYTES else []


@page(CHECK)
@takes_file(_sizes)
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """The form, and below it what the last check found."""
    by = enter(request)
    form = DocumentForm(request.POST, request.FILES) if request.method == "POST" else DocumentForm()
    found: list[Checked] = []

    def do() -> None:
        told = form.cleaned_data
        files = read_chip_files(told["chip"]) if told["chip"] else None
        if isinstance(files, list):
            raise Refused(files)
        found.append(actions.check_document(by, Masked(told["number"]), files, told["lines"], told["code"]))

    if request.method == "POST" and tried(form, do):
        return render(request, "identity/document.html", {"form": DocumentForm(), "found": _shown(found[0])})
    return render(request, "identity/document.html", {"form": form}, status=REFUSED if form.errors else 200)


@page(READ_TRUST)
@require_GET
def trust(request: HttpRequest) -> HttpResponse:
    """What checks rest on, from when to when, and who is told before it ends; it is changed by `doorstep trust`."""
    by, start = enter(request), whole(request.GET.get("after", ""))
    rows = trust_files(by.actor, start, PAGE)
    context = {
        "rows": rows,
        "now": by.at,
        "operator": OPERATOR,
        "soon": by.at + WINDOW,
        "older": further(request, start + PAGE) if len(rows) == PAGE else "",
        "first": further(request) if start else "",
    }
    return render(request, "identity/trust.html", context)


def _shown(told: Checked) -> dict[str, object]:
    """What was found, in words."""
    return {
        "told": told,
        "colour": _COLOURS.get(told.verdict, "danger") if told.verdict else "info",
        "reasons": [_words(one) for one in told.reasons],
        "notes": [_words(one) for one in told.notes],
        "differs": [gettext(FIELDS.get(one.field, one.field)) for one in told.differs],
        "groups": ", ".join(str(number) for number in told.groups),
    }


def _words(one: Reason) -> tuple[str, object, object]:
    """Which part of the document it speaks of, what is wrong, and what to do."""
    return (
        gettext(FIELDS[one.field]) if one.field in FIELDS else "",
        wording.html_text(one),
        wording.html_repair(one),
    )
