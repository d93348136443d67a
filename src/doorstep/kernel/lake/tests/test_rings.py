"""The signed log is the register's leaves, each once, whoever publishes; a restored back-up is refused, not signed."""

import shutil
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction

from doorstep.kernel.lake import merkle, rings, seal
from doorstep.kernel.lake.evidence import EvidenceReader, Forked
from doorstep.kernel.lake.models import Leaf, Ring
from doorstep.kernel.lake.notes import NotSigned, SigningKey

PUBLIC = Ring.PUBLIC


def add(*entries: str) -> None:
    with transaction.atomic():
        for entry in entries:
            rings.append(PUBLIC, entry.encode())


def logged() -> list[str]:
    log = rings.reader(PUBLIC)
    assert log.check() is None
    return [log.entry(index).decode() for index in range(log.size)]


def registered() -> list[str]:
    return [bytes(leaf.entry).decode() for leaf in Leaf.objects.filter(ring=PUBLIC).order_by("index")]


@pytest.mark.django_db
def test_publishing_again_changes_no_byte(home):
    add("a", "b", "c")
    head = rings.publish(PUBLIC)
    assert (head.size, logged()) == (3, ["a", "b", "c"])
    before = {path: path.read_bytes() for path in rings.folder(PUBLIC).rglob("*") if path.is_file()}
    assert rings.publish(PUBLIC) == head
    assert {path: path.read_bytes() for path in rings.folder(PUBLIC).rglob("*") if path.is_file()} == before


@pytest.mark.django_db
def test_an_empty_ring_is_signed_as_empty(home):
    assert rings.publish(PUBLIC) == (0, merkle.EMPTY_ROOT)
    assert rings.reader(PUBLIC).head().size == 0


@pytest.mark.django_db
def test_the_rings_are_apart_and_each_has_its_key(home):
    add("a")
    with transaction.atomic():
        assert rings.append(Ring.AUDITORS, b"x") == 0
        assert rings.append(Ring.AUDITORS, b"y") == 1
    rings.publish(PUBLIC)
    rings.publish(Ring.AUDITORS)
    public, auditors = rings.reader(PUBLIC), rings.reader(Ring.AUDITORS)
    assert (public.size, auditors.size) == (1, 2)
    assert public.verifier_key != auditors.verifier_key
    assert public.verifier_key.startswith("localhost/log/public+")
    assert EvidenceReader(auditors.folder, auditors.verifier_key).check() is None
    assert EvidenceReader(auditors.folder, public.verifier_key).check() is not None
    for ring in Ring:
        assert (home / "keys" / f"log-{ring}.pem").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_many_leaves_go_over_in_several_steps(home):
    Leaf.objects.bulk_create(Leaf(ring=PUBLIC, index=i, entry=f"leaf {i}".encode()) for i in range(1300))
    assert rings.publish(PUBLIC).size == 1300
    assert logged() == registered()
    assert rings.next_leaf(PUBLIC) == 1300


@pytest.mark.django_db
def test_a_leaf_that_was_rolled_back_is_not_logged(home):
    add("a")
    with transaction.atomic():
        rings.append(PUBLIC, b"never")
        transaction.set_rollback(True)
    add("b")
    rings.publish(PUBLIC)
    assert logged() == ["a", "b"]


@pytest.mark.django_db
def test_another_publisher_in_the_middle_adds_nothing_twice(home, monkeypatch):
    add(*"abcde")
    read, inside = EvidenceReader.size.fget, []

    def overtaken(log: EvidenceReader) -> int:
        """The size, after whose reading somebody else publishes everything."""
        size = read(log)
        if not inside:
            inside.append(True)
            rings.publish(PUBLIC)
            inside.clear()
        return size

    with monkeypatch.context() as patched:
        patched.setattr(EvidenceReader, "size", property(overtaken))
        assert rings.publish(PUBLIC).size == 5
    assert logged() == registered()


@pytest.mark.django_db(transaction=True)
def test_eight_who_append_and_publish_at_once(home):
    start, failed = threading.Barrier(8), []

    def work(name: int) -> None:
        try:
            start.wait()
            for turn in range(4):
                add(f"{name} {turn}")
                rings.publish(PUBLIC)
        except Exception as error:  # noqa: BLE001  told below, with all others
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert rings.publish(PUBLIC).size == 32
    assert logged() == registered()
    assert len(set(registered())) == 32


# Back-ups


@pytest.fixture
def backed_up(home, tmp_path) -> Path:
    """A log of three leaves, a copy of its folder, and then five leaves, whose checkpoint others have seen."""
    add(*"abc")
    rings.publish(PUBLIC)
    copy = tmp_path / "back-up"
    shutil.copytree(home / "log-rings", copy)
    add(*"de")
    rings.publish(PUBLIC)
    return copy


def put_back(home: Path, copy: Path) -> None:
    shutil.rmtree(home / "log-rings")
    shutil.copytree(copy, home / "log-rings")


def witness(home: Path) -> None:
    """What operators do: the newest checkpoint, kept where no back-up reaches."""
    (home / "witness").mkdir()
    shutil.copy(rings.folder(PUBLIC) / "checkpoint", home / "witness" / "public.checkpoint")


def restore_register() -> None:
    Leaf.objects.filter(ring=PUBLIC, index__gte=3).delete()


@pytest.mark.django_db
def test_a_back_up_of_everything_is_refused_and_nothing_is_signed(home, backed_up):
    witness(home)
    put_back(home, backed_up)
    restore_register()
    before = (rings.folder(PUBLIC) / "checkpoint").read_bytes()
    with pytest.raises(Forked, match="restored back-up"):
        rings.open_log(PUBLIC)
    add("another d", "another e", "another f")
    with pytest.raises(Forked, match="restored back-up"):
        rings.publish(PUBLIC)
    assert (rings.folder(PUBLIC) / "checkpoint").read_bytes() == before


@pytest.mark.django_db
def test_history_that_grew_past_the_witness_otherwise_is_refused(home, backed_up):
    witness(home)
    seen = (home / "witness" / "public.checkpoint").read_bytes()
    put_back(home, backed_up)
    restore_register()
    (home / "witness" / "public.checkpoint").unlink()
    add("another d", "another e", "another f")
    rings.publish(PUBLIC)  # nobody showed it the checkpoint yet
    (home / "witness" / "public.checkpoint").write_bytes(seen)
    with pytest.raises(Forked, match="does not extend"):
        rings.open_log(PUBLIC)


@pytest.mark.django_db
def test_a_back_up_of_the_database_alone_is_refused_even_without_a_witness(home, backed_up):
    restore_register()
    before = (rings.folder(PUBLIC) / "checkpoint").read_bytes()
    with pytest.raises(Forked, match="restored back-up"):
        rings.publish(PUBLIC)
    for entry in ("another d", "another e"):  # as long as the log again, and then longer
        add(entry)
        with pytest.raises(Forked):
            rings.publish(PUBLIC)
    add("another f")
    with pytest.raises(Forked):
        rings.publish(PUBLIC)
    assert (rings.folder(PUBLIC) / "checkpoint").read_bytes() == before


@pytest.mark.django_db
def test_a_back_up_of_the_folder_alone_catches_up_from_the_register(home, backed_up):
    witness(home)
    head = rings.reader(PUBLIC).head()
    put_back(home, backed_up)
    with pytest.raises(Forked):
        rings.open_log(PUBLIC)
    (home / "witness" / "public.checkpoint").unlink()
    assert rings.publish(PUBLIC) == head
    assert logged() == list("abcde")


@pytest.mark.django_db
@pytest.mark.parametrize("later", [False, True])
def test_a_witness_that_the_log_extends_is_fine(home, backed_up, later):
    witness(home)
    if later:
        add("f", "g")
    assert rings.publish(PUBLIC).size == 5 + 2 * later


@pytest.mark.django_db
@pytest.mark.parametrize("said", [b"", b"no checkpoint", "foreign"])
def test_a_witness_that_is_not_signed_by_this_key_is_refused(home, backed_up, said):
    (home / "witness").mkdir()
    if said == "foreign":
        other = SigningKey.open(home / "keys" / "other.pem", "localhost/log/public")
        said = other.sign(rings.reader(PUBLIC).checkpoint().decode().split("\n\n")[0] + "\n")
    (home / "witness" / "public.checkpoint").write_bytes(said)
    with pytest.raises(NotSigned):
        rings.publish(PUBLIC)


@pytest.mark.django_db
def test_a_seal_on_a_restored_database_signs_nothing(home):
    with transaction.atomic():
        rings.append(Ring.AUDITORS, b"a")
        rings.append(Ring.AUDITORS, b"b")
    assert seal.seal().size == 2
    before = rings.reader(Ring.AUDITORS).checkpoint()
    Leaf.objects.filter(ring=Ring.AUDITORS, index=1).delete()
    with pytest.raises(Forked):
        seal.seal()
    assert rings.reader(Ring.AUDITORS).checkpoint() == before
