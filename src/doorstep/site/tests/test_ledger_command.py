"""`doorstep ledger check` says what it proved, and ends with 1 where something is broken."""

from contextlib import nullcontext

import pytest

from doorstep.site import cli
from doorstep.site.commands import ledger as command
from doorstep.systems.payments import models
from doorstep.systems.payments.tests.test_ledger_check import books


@pytest.mark.django_db(transaction=True)
def test_the_command_ends_with_1_where_something_is_broken(monkeypatch, capsys):
    monkeypatch.setattr(command, "installation", nullcontext)
    books()
    assert cli.main(["ledger", "check"]) == 0
    assert capsys.readouterr().out.endswith("The books are right.\n")
    models.Credit.objects.filter(amount=33).update(assigned=1)
    assert cli.main(["ledger", "check"]) == 1
    out = capsys.readouterr().out
    assert "BROKEN  Received on 990000:0000000001: the ledger has 783 and 750 held; the credits say 782 and 750." in out
