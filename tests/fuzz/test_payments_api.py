"""Whatever a program sends to payments' API, the answer is one that the description names, and never a fault of ours."""

from contextlib import ExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from doorstep.kernel.store import tokens
from doorstep.kernel.store.writing import By
from doorstep.site.wsgi import application
from doorstep.systems.payments.tests.builders import ASKER, AT, order
from tests.fuzz.lengths import settings

pytestmark = pytest.mark.django_db

CHECKS = [
    *(not_a_server_error, status_code_conformance, content_type_conformance),
    *(response_headers_conformance, response_schema_conformance, ignored_auth),
]
config = schemathesis.Config.from_dict({"generation": {"mode": "all"}})
schema = schemathesis.openapi.from_wsgi("/api/payments/v1/openapi.json", application, config=config)


@pytest.fixture
def headers(monkeypatch):
    """An asking system's token; the clock stands."""
    monkeypatch.setattr(timezone, "now", lambda: AT)
    with ExitStack() as undo:
        for signal in (request_started, request_finished):  # as Django's own test client does
            signal.disconnect(close_old_connections)
            undo.callback(signal.connect, close_old_connections)
        secret = tokens.issue_token(By(ASKER.actor, AT - timedelta(days=1)), "fuzz").secret
        yield {"Authorization": f"Bearer {secret}", "Accept-Encoding": "identity"}


@schema.parametrize()
@settings(15)
def test_any_request(case, headers):
    case.call_and_validate(headers=headers, checks=CHECKS)


@schema.parametrize()
@settings(15)
def test_any_request_about_an_order_that_is_there(case, headers):
    if "order" in case.path_parameters:
        row = order(order=uuid4())
        case.path_parameters["order"] = str(row.id)
    case.call_and_validate(headers=headers, checks=CHECKS)
