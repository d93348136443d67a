"""The public ring lies open to everybody with what caches need to know; the other one opens to auditors alone."""

import base64

import pytest
from django.db import transaction

from doorstep.kernel.declare.scopes import Actor
from doorstep.kernel.lake import merkle, rings
from doorstep.kernel.lake.models import Leaf, Ring
from doorstep.kernel.lake.notes import verify_checkpoint
from doorstep.kernel.testing.tryout import ACTOR

pytestmark = pytest.mark.django_db
AUDITOR = Actor("auditor", roles=("kernel.auditor",))
LEAVES = [f"leaf {number}".encode() for number in range(260)]


@pytest.fixture(autouse=True)
def _rings(home):
    Leaf.objects.bulk_create(Leaf(ring=Ring.PUBLIC, index=i, entry=leaf) for i, leaf in enumerate(LEAVES))
    Leaf.objects.create(ring=Ring.AUDITORS, index=0, entry=b"secret leaf")
    for ring in Ring:
        rings.publish(ring)


def get(client, path: str):
    """The answer and its bytes; its file is closed when they are read."""
    answer = client.get(path)
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer, content


def fetched(client, path: str) -> bytes:
    answer, content = get(client, path)
    assert answer.status_code == 200
    return content


def test_anybody_proves_the_whole_public_ring_with_what_is_served(reader):
    client = reader()
    head = verify_checkpoint(fetched(client, "/log/checkpoint"), fetched(client, "/log/key").decode().strip())
    assert head.size == len(LEAVES)
    entries = [
        entry
        for path in ("tile/entries/000", "tile/entries/001.p/4")
        for entry in merkle.unpack("entries", fetched(client, f"/log/{path}"))
    ]
    assert entries == LEAVES

    def tile(level: int, number: int) -> list[bytes]:
        path = merkle.tile_path(level, number, merkle.tile_width(level, number, head.size))
        return merkle.unpack(level, fetched(client, f"/log/{path}"))

    read = merkle.nodes_of_tiles(tile)
    assert merkle.tree_root(read, head.size) == head.root
    assert [merkle.leaf_hash(entry) for entry in entries] == tile(0, 0) + tile(0, 1)


@pytest.mark.parametrize("path", ["checkpoint", "key"])
def test_what_changes_is_asked_for_anew(reader, path):
    answer, _ = get(reader(), f"/log/{path}")
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1", "tile/entries/000"])
def test_what_never_changes_is_kept(reader, path):
    answer, _ = get(reader(), f"/log/{path}")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_a_new_leaf_is_served_at_once(reader):
    client = reader()
    before = fetched(client, "/log/checkpoint")
    with transaction.atomic():
        rings.append(Ring.PUBLIC, b"one more")
    assert fetched(client, "/log/checkpoint") == before
    rings.publish(Ring.PUBLIC)
    assert fetched(client, "/log/checkpoint").split(b"\n")[1] == b"261"
    assert fetched(client, "/log/tile/entries/001.p/5").endswith(b"one more")


NOWHERE = (
    *("", "tile", "tile/", "tile/0", "tile/0/002", "tile/9/000", "tile/entries/999", "Checkpoint", "checkpoint/"),
    *("checkpoint%0a", "key%00", "tile/0/٠٠٠", "tile/0/0000", "tile/0/000.p", ".checkpoint.new", "tile/0/000.p/257"),
    *("../keys/log-public.pem", "%2e%2e/keys/log-public.pem", "..%2fkeys%2flog-public.pem", "tile/../checkpoint"),
    *("/etc/passwd", "%2fetc%2fpasswd", "tile/entries/../../checkpoint", "..\\keys\\log-public.pem"),
    *("../auditors/checkpoint", "%2e%2e/auditors/key", "checkpoint/..", "tile/entries/000/../000"),
)


@pytest.mark.parametrize("ring", ["", "auditors/"])
def test_nothing_else_is_served(reader, ring):
    assert (rings.folder(Ring.PUBLIC) / "../../keys/log-public.pem").exists(), "there is something to be had"
    client = reader(actor=AUDITOR)
    for path in NOWHERE:
        answer, content = get(client, f"/log/{ring}{path}")
        assert answer.status_code in {400, 404}, path
        assert b"PRIVATE KEY" not in content


@pytest.mark.parametrize("path", ["checkpoint", "key", "tile/entries/000.p/1", "tile/0/000.p/1", "tile/0/999"])
def test_the_auditors_ring_needs_the_scope(reader, path):
    assert reader().get(f"/log/auditors/{path}").status_code == 401
    for actor in (ACTOR, Actor("x", roles=AUDITOR.roles, level=0)):
        answer = reader(actor=actor).get(f"/log/auditors/{path}")
        assert answer.status_code == 403
        assert b"secret leaf" not in answer.content


def test_an_auditor_reads_it_and_no_cache_hands_it_on(reader):
    client = reader(actor=AUDITOR)
    assert b"secret leaf" in fetched(client, "/log/auditors/tile/entries/000.p/1")
    for path in ("checkpoint", "key", "tile/0/000.p/1", "tile/entries/000.p/1"):
        kept = get(client, f"/log/auditors/{path}")[0].headers["Cache-Control"]
        assert "private" in kept
        assert "public" not in kept


def test_the_rings_do_not_mix(reader):
    client = reader(actor=AUDITOR)
    public, auditors = (fetched(client, f"/log/{ring}checkpoint") for ring in ("", "auditors/"))
    assert (public.split(b"\n")[1], auditors.split(b"\n")[1]) == (b"260", b"1")
    root = base64.b64decode(auditors.split(b"\n")[2])
    assert root == merkle.leaf_hash(b"secret leaf")


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
@pytest.mark.parametrize("path", ["/log/checkpoint", "/log/auditors/checkpoint"])
def test_nothing_is_ever_written_through_it(reader, method, path):
    before = rings.reader(Ring.PUBLIC).checkpoint()
    assert getattr(reader(actor=AUDITOR), method)(path, b"x", content_type="text/plain").status_code == 405
    assert rings.reader(Ring.PUBLIC).checkpoint() == before


def test_before_the_first_leaf_there_is_nothing(settings, tmp_path, reader):
    settings.HOME = tmp_path / "new"
    assert reader().get("/log/checkpoint").status_code == 404


def test_an_address_longer_than_a_file_name_is_nowhere(reader):
    assert reader().get(f"/log/tile/0{'/000' * 1500}").status_code == 404
