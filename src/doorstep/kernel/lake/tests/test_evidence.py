"""Holds the evidence log to its promises: served as the specification says, never forked, never half-written."""

import fcntl
import os
import shutil
import threading
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from doorstep.kernel.lake import evidence, merkle
from doorstep.kernel.lake.evidence import EvidenceLog, EvidenceReader, Forked
from doorstep.kernel.lake.notes import NotSigned, SigningKey
from doorstep.kernel.lake.tests.test_merkle import mth, tiles

KEY = SigningKey("log.example/public", Ed25519PrivateKey.generate())


def leaves(start, stop, word="leaf"):
    return [f"{word} {i}".encode() for i in range(start, stop)]


def grown(folder, *sizes):
    """A log that was appended to until it had each of these sizes."""
    log = EvidenceLog.open(folder, KEY, None)
    for size in sizes:
        log.append_at(0, leaves(0, size))
    return log


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def quick(monkeypatch):
    """For tests of thousands of files that are not about lasting through a power cut."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


# --- layout, roots and proofs


def test_the_files_are_those_of_the_specification(tmp_path):
    assert files(grown(tmp_path / "a").folder) == {"checkpoint"}
    assert files(grown(tmp_path / "b", 256).folder) == {
        "checkpoint",
        "tile/0/000",
        "tile/entries/000",
        "tile/1/000.p/1",
    }
    grown(tmp_path / "c", 3, 300, 301)
    both = ["000", "001.p/44", "001.p/45"]  # partial tiles go once the full one is there, and only then
    expected = {f"tile/{level}/{tile}" for level in ("0", "entries") for tile in both}
    assert files(tmp_path / "c") == {"checkpoint", "tile/1/000.p/1", *expected}


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 512, 700, 256 * 256 + 1])
def test_a_log_gives_back_what_went_in(tmp_path, quick, size):
    entries = leaves(0, size)
    log = grown(tmp_path, size)
    assert (log.size, log.root) == (size, mth(entries))
    assert log.check() is None
    for level in range(3):
        for number in range(-(-(size >> 8 * level) // 256)):
            path = merkle.tile_path(level, number, merkle.tile_width(level, number, size))
            if level or number in (0, size // 256):
                assert (tmp_path / path).read_bytes() == b"".join(tiles(entries)(level, number))
    for index in {0, 1, 254, 255, 256, size // 2, size - 1} & set(range(size)):
        assert log.entry(index) == entries[index]
        proof = log.prove(index, size)
        assert merkle.verify_inclusion(merkle.leaf_hash(entries[index]), index, size, proof, log.root)


@settings(max_examples=40)
@given(st.lists(st.integers(0, 300), min_size=1, max_size=5))
def test_the_root_does_not_depend_on_how_the_leaves_came(batches):
    with TemporaryDirectory() as folder:
        log, size, heads = EvidenceLog.open(Path(folder), KEY, None), 0, []
        for batch in batches:
            log.append_at(size, leaves(size, size + batch))
            size += batch
            heads.append(log.head())
            assert log.root == mth(leaves(0, size))
        assert log.check() is None
        for old in heads:
            proof = merkle.consistency_proof(log._nodes(size), old.size, size)
            assert merkle.verify_consistency(old.size, size, old.root, log.root, proof)


def test_proofs_are_for_trees_that_the_log_has_had(tmp_path):
    log = grown(tmp_path, 5)
    with pytest.raises(ValueError, match="the log has 5 leaves, not 6"):
        log.prove(0, 6)
    with pytest.raises(ValueError, match="not in a tree"):
        log.prove(3, 3)
    for index in (-1, 5):
        with pytest.raises(IndexError):
            log.entry(index)


def test_an_entry_may_have_65535_bytes_and_no_more(tmp_path):
    log = grown(tmp_path, 1)
    log.append_at(1, [b"", b"x" * 65535])
    assert log.entry(1) == b""
    assert log.entry(2) == b"x" * 65535
    before = log.checkpoint()
    with pytest.raises(ValueError, match="at most 65535 bytes, this one 65536"):
        log.append_at(3, [b"fits", b"x" * 65536])
    assert log.checkpoint() == before
    assert log.check() is None


def test_reading_needs_no_signing_key(tmp_path):
    log = grown(tmp_path, 300)
    reader = EvidenceReader(tmp_path, KEY.verifier)
    assert (reader.head(), reader.entry(299), reader.check()) == (log.head(), b"leaf 299", None)
    log.append_at(300, [b"one more"])
    assert reader.entry(300) == b"one more"
    assert not hasattr(reader, "append_at")


def test_a_reader_overtaken_by_an_append_reads_on_in_the_full_tiles(tmp_path, monkeypatch):
    log = grown(tmp_path, 300)
    reader, old = EvidenceReader(tmp_path, KEY.verifier), log.head()
    log.append_at(300, leaves(300, 600))
    assert not (tmp_path / "tile/0/001.p").exists()
    monkeypatch.setattr(reader, "head", lambda: old)
    assert reader.entry(299) == b"leaf 299"
    proof = reader.prove(299, 300)
    assert merkle.verify_inclusion(merkle.leaf_hash(b"leaf 299"), 299, 300, proof, old.root)
    assert reader.check() is None


# --- crashes


class Killed(BaseException):
    """Stands for the process being killed: nothing in the log may catch it."""


@pytest.mark.parametrize(("before", "added"), [(0, 3), (250, 6), (255, 2), (300, 500), (512, 256)])
def test_a_crash_at_any_step_leaves_a_log_that_goes_on(tmp_path, monkeypatch, quick, before, added):
    published = grown(tmp_path / "start", *([before] if before else [])).checkpoint()
    old, ours, others = leaves(0, before), leaves(before, before + added), leaves(before, before + added + 7, "other")
    outcomes = set()
    for step in count(1):
        folder = tmp_path / str(step)
        shutil.copytree(tmp_path / "start", folder)
        log = EvidenceLog.open(folder, KEY, published)
        calls = count(1)

        def or_killed(call, calls=calls, step=step):
            def stand_in(*args):
                if next(calls) == step:
                    raise Killed
                return call(*args)

            return stand_in

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", or_killed(os.fsync))
            patched.setattr(os, "replace", or_killed(os.replace))
            try:
                log.append_at(before, ours)
            except Killed:
                pass
            else:
                break
        reopened = EvidenceLog.open(folder, KEY, published)
        assert reopened.check() is None
        assert reopened.size in (before, before + added)
        outcomes.add(reopened.size)
        if reopened.size == before:
            assert reopened.checkpoint() == published
            other = EvidenceLog.open(Path(shutil.copytree(folder, f"{folder}-other")), KEY, published)
            other.append_at(before, others)
            assert other.root == mth(old + others)
            assert other.check() is None
            for size in (before + added, before + added + 7):  # the first is a width that only the killed one wrote
                proof = other.prove(size - 1, size)
                leaf = merkle.leaf_hash((old + others)[size - 1])
                assert merkle.verify_inclusion(leaf, size - 1, size, proof, mth((old + others)[:size]))
        reopened.append_at(before, ours)
        assert reopened.root == mth(old + ours)
        assert reopened.check() is None
    assert outcomes == {before, before + added}
    assert step > 10


def test_tiles_are_on_disk_before_the_checkpoint_names_them(tmp_path, monkeypatch):
    """Every file is synchronised before it gets its name, every folder before the checkpoint gets its own."""
    log = grown(tmp_path, 255)
    synced, done, fsync, replace = set(), [], os.fsync, os.replace

    def recording_fsync(descriptor):
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def recording_replace(draft, path):
        assert draft.stat().st_ino in synced
        if path.name == "checkpoint":
            written = {parent for tile in done for parent in tile.parents if parent.is_relative_to(tmp_path)}
            assert {folder.stat().st_ino for folder in written} <= synced
        else:
            synced.discard(path.parent.stat().st_ino)
        done.append(path)
        replace(draft, path)

    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(os, "replace", recording_replace)
    log.append_at(255, leaves(255, 257))
    assert len(done) == 6
    assert done[-1] == tmp_path / "checkpoint"


# --- forks


def test_a_restored_back_up_signs_nothing(tmp_path):
    log = grown(tmp_path / "log", 300)
    back_up = shutil.copytree(tmp_path / "log", tmp_path / "back-up")
    log.append_at(300, leaves(300, 310))
    published = log.checkpoint()
    before = (back_up / "checkpoint").read_bytes()
    with pytest.raises(Forked, match="310 leaves were signed for and the log has 300"):
        EvidenceLog.open(back_up, KEY, published)
    assert (back_up / "checkpoint").read_bytes() == before

    EvidenceLog.open(back_up, KEY, None).append_at(300, leaves(300, 310, "other"))
    with pytest.raises(Forked, match="does not extend the 310"):
        EvidenceLog.open(back_up, KEY, published)
    EvidenceLog.open(back_up, KEY, None).append_at(310, leaves(310, 999))
    with pytest.raises(Forked, match="does not extend the 310"):
        EvidenceLog.open(back_up, KEY, published)
    assert EvidenceLog.open(tmp_path / "log", KEY, published).size == 310


def test_an_empty_folder_is_no_log_that_was_published(tmp_path):
    published = grown(tmp_path / "log", 2).checkpoint()
    with pytest.raises(Forked, match="2 leaves were signed for and the log has 0"):
        EvidenceLog.open(tmp_path / "new", KEY, published)
    assert files(tmp_path / "new") == set()


def test_a_back_up_restored_under_a_running_log_is_noticed(tmp_path):
    log = grown(tmp_path / "log", 5)
    shutil.copytree(tmp_path / "log", tmp_path / "back-up")
    log.append_at(5, leaves(5, 8))
    shutil.rmtree(tmp_path / "log")
    shutil.copytree(tmp_path / "back-up", tmp_path / "log")
    with pytest.raises(Forked, match="8 leaves were signed for"):
        log.append_at(8, leaves(8, 20))
    assert log.size == 5


def test_a_log_without_its_checkpoint_does_not_begin_anew(tmp_path):
    grown(tmp_path, 5)
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(Forked, match="tiles and no checkpoint"):
        EvidenceLog.open(tmp_path, KEY, None)
    with pytest.raises(NotSigned, match="there is no checkpoint"):
        EvidenceReader(tmp_path, KEY.verifier).head()


def test_checkpoints_of_another_key_are_refused(tmp_path):
    stranger = SigningKey(KEY.name, Ed25519PrivateKey.generate())
    strange = EvidenceLog.open(tmp_path / "strange", stranger, None)
    strange.append_at(0, leaves(0, 3))
    log = grown(tmp_path / "log", 3)
    with pytest.raises(NotSigned, match="did not sign"):
        EvidenceLog.open(log.folder, KEY, strange.checkpoint())
    with pytest.raises(NotSigned, match="did not sign"):
        EvidenceLog.open(strange.folder, KEY, log.checkpoint())


@pytest.mark.parametrize("path", ["tile/entries/001.p/44", "tile/1/000.p/1"])
def test_nothing_is_signed_on_top_of_an_altered_tile(tmp_path, path):
    log = grown(tmp_path, 300)
    before = log.checkpoint()
    altered = bytearray((tmp_path / path).read_bytes())
    altered[5] ^= 1
    (tmp_path / path).write_bytes(altered)
    with pytest.raises(Forked, match="does not extend the 300"):
        log.append_at(300, leaves(300, 600))
    assert log.checkpoint() == before


def test_a_log_whose_tiles_are_not_those_signed_for_does_not_open(tmp_path):
    grown(tmp_path / "log", 300)
    other = EvidenceLog.open(tmp_path / "other", KEY, None)
    other.append_at(0, leaves(0, 300, "other"))
    shutil.copy(tmp_path / "other" / "checkpoint", tmp_path / "log")
    with pytest.raises(evidence.Damaged, match="checkpoint, index 300: the tiles give another root"):
        EvidenceLog.open(tmp_path / "log", KEY, None)


# --- check


def differences_after(change):
    """A log of 600 leaves with one file changed, and what check() says."""
    with TemporaryDirectory() as folder:
        log = grown(Path(folder), 600)
        assert log.check() is None
        change(log.folder)
        return log.check()


PATHS = ["checkpoint", "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000"]
PATHS += ["tile/entries/002.p/88"]


@given(path=st.sampled_from(PATHS), data=st.data())
def test_check_names_the_file_in_which_a_byte_changed(path, data):
    def change(folder):
        content = bytearray((folder / path).read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        (folder / path).write_bytes(content)

    found = differences_after(change)
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\x00", lambda data: b""])
def test_check_names_the_file_that_was_cut_or_lengthened(path, change):
    found = differences_after(lambda folder: (folder / path).write_bytes(change((folder / path).read_bytes())))
    assert found is not None
    assert found.path == path


@pytest.mark.parametrize("path", PATHS)
def test_check_names_the_missing_file(path):
    found = differences_after(lambda folder: (folder / path).unlink())
    assert found is not None
    assert found.path == path


def test_check_names_the_leaf_or_hash(tmp_path):
    log = grown(tmp_path, 600)
    bundle = tmp_path / "tile/entries/001"
    original = bundle.read_bytes()
    bundle.write_bytes(original.replace(b"leaf 300", b"LEAF 300"))
    assert log.check() == evidence.Difference(
        "tile/entries/001", 300, "the entry does not hash to the leaf that was signed for"
    )
    bundle.write_bytes(original)
    upper = bytearray((tmp_path / "tile/1/000.p/2").read_bytes())
    upper[32] ^= 1
    (tmp_path / "tile/1/000.p/2").write_bytes(upper)
    assert log.check() == evidence.Difference("tile/1/000.p/2", 1, "the hash is not that of the entries under it")


def test_check_names_the_checkpoint_when_the_whole_log_was_exchanged(tmp_path):
    log = grown(tmp_path / "log", 300)
    other = EvidenceLog.open(tmp_path / "other", KEY, None)
    other.append_at(0, leaves(0, 300, "other"))
    shutil.rmtree(tmp_path / "log" / "tile")
    shutil.copytree(tmp_path / "other" / "tile", tmp_path / "log" / "tile")
    assert log.check() == evidence.Difference("checkpoint", 300, "the entries give another root")


# --- repeats and several writers


def test_an_append_at_may_be_repeated(tmp_path):
    log = grown(tmp_path, 250)
    log.append_at(250, leaves(250, 260))
    checkpoint = log.checkpoint()
    log.append_at(250, leaves(250, 260))
    log.append_at(255, leaves(255, 258))
    log.append_at(260, [])
    assert log.checkpoint() == checkpoint
    log.append_at(255, leaves(255, 300))
    assert log.root == mth(leaves(0, 300))


def test_an_append_at_that_contradicts_the_log_is_refused(tmp_path):
    log = grown(tmp_path, 10)
    with pytest.raises(Forked, match="the log holds other leaves from 8 to 10"):
        log.append_at(8, leaves(8, 12, "other"))
    with pytest.raises(Forked, match="leaves from 11 on do not continue a log of 10"):
        log.append_at(11, leaves(11, 12))
    with pytest.raises(Forked, match="leaves from -1 on"):
        log.append_at(-1, [])
    assert log.root == mth(leaves(0, 10))


def test_writers_take_turns(tmp_path, quick):
    EvidenceLog.open(tmp_path, KEY, None)

    def write(pace):
        log = EvidenceLog.open(tmp_path, KEY, None)
        for size in [*range(pace, 300, pace), 300]:
            log.append_at(max(size - 2 * pace, 0), leaves(0, size)[max(size - 2 * pace, 0) :])

    threads = [threading.Thread(target=write, args=[pace]) for pace in (5, 7, 11, 300)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = EvidenceReader(tmp_path, KEY.verifier)
    assert (log.size, log.root) == (300, mth(leaves(0, 300)))
    assert log.check() is None


def test_an_append_waits_for_the_lock_on_the_folder(tmp_path):
    log = grown(tmp_path, 1)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    thread = threading.Thread(target=log.append_at, args=[1, leaves(1, 2)])
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    assert log.size == 1
    os.close(descriptor)
    thread.join(10)
    assert log.size == 2
