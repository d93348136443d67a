"""`doorstep trust`: a state's certificate is added with its source, shown and removed; what is none is refused."""

from argparse import ArgumentParser
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest

from doorstep.kernel.store.partitions import ensure_months
from doorstep.kernel.values.reasons import Refused
from doorstep.site.cli import Stop
from doorstep.site.commands import trust
from doorstep.systems.identity.models import TrustFile
from doorstep.systems.identity.simulation.documents import State

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def command(monkeypatch, capsys):
    """Runs the command as if in an installation; what it says."""
    monkeypatch.setattr(trust, "installation", nullcontext)
    ensure_months(NOW.date(), NOW.date())
    parser = ArgumentParser()
    trust.add(parser)

    def run(*arguments: object) -> str:
        assert trust.run(parser.parse_args(list(map(str, arguments)))) == 0
        return str(capsys.readouterr().out)

    return run


def test_a_certificate_is_added_shown_and_removed(command, tmp_path):
    state = State("secp256r1", "UTO", begins=NOW - timedelta(days=9), ends=NOW + timedelta(days=900))
    file = tmp_path / "state.cer"
    file.write_bytes(state.encoded)
    told = command("add", file, "--states", "UTO, UTX", "--source", "handed over")
    assert told.startswith("Certificate of a state: ")
    row = TrustFile.objects.get()
    assert (row.states, row.source, row.owner, row.added_by) == (["UTO", "UTX"], "handed over", "operator", "command")
    (tmp_path / "list.crl").write_bytes(state.revoke(7, at=NOW - timedelta(days=1)))
    command("add", tmp_path / "list.crl", "--source", "fetched", "--owner", "account:keeper")
    assert [line.split("  ")[1] for line in command("list").splitlines()] == [
        "Certificate of a state",
        "List of revoked certificates",
    ]
    command("remove", row.id)
    assert str(row.id) not in command("list")


def test_what_is_no_certificate_or_no_file(command, tmp_path):
    with pytest.raises(Stop, match="cannot be read"):
        command("add", tmp_path / "nowhere", "--source", "x")
    (tmp_path / "text").write_text("hello")
    with pytest.raises(Refused, match="trust_file_unreadable"):
        command("add", tmp_path / "text", "--source", "x")
    with pytest.raises(SystemExit):
        command("add", tmp_path / "text")
