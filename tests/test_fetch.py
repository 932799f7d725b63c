from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import socket
import stat
import struct
import threading
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from repro import datasets
from repro.config.data_description import DataDescription
from repro.datasets import cache
from repro.datasets.content import RefusedError
from repro.datasets.download import download
from repro.datasets.formats.idx import encode
from repro.errors import DataError, MachineError
from repro.files import digest

RNG = np.random.default_rng(0)
ARRAYS = {
    "train-images-idx3-ubyte": RNG.integers(0, 256, (6, 4, 4), dtype=np.uint8),
    "train-labels-idx1-ubyte": np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8),
    "t10k-images-idx3-ubyte": RNG.integers(0, 256, (3, 4, 4), dtype=np.uint8),
    "t10k-labels-idx1-ubyte": np.array([2, 1, 0], dtype=np.uint8),
}
CONTENT = {name: encode(array) for name, array in ARRAYS.items()}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
FIRST = "train-images-idx3-ubyte"
NOWHERE = "/nowhere/{file}"
CACHED = f"tiny-{digest(SHA256)[:8]}"
LIMIT = sum(map(len, CONTENT.values())) + 65_536


@pytest.fixture(autouse=True)
def cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, no mirror and no proxy; `tiny` is a known data set without public sources."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("REPRO_DATA_DIR", str(folder))
    monkeypatch.delenv("REPRO_DATA_MIRROR", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    public(monkeypatch)
    return folder


@pytest.fixture
def mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with all of `tiny`, compressed, named by REPRO_DATA_MIRROR."""
    folder = tmp_path / "mirror with ünïcode"
    (folder / "tiny").mkdir(parents=True)
    for name, content in CONTENT.items():
        (folder / "tiny" / f"{name}.gz").write_bytes(gzip.compress(content))
    monkeypatch.setenv("REPRO_DATA_MIRROR", str(folder))
    return folder


Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Answers what `answers` holds for a path, else 404; `asked` lists the requests."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Server)
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path)
        if answer:
            answer(self)
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:
        pass


def body(content: bytes, announced: int | None = None) -> Answer:
    """Status 200 and `content`; with `announced`, the length header says so many bytes."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) if announced is None else announced))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


DESCRIBED: dict[str, DataDescription] = {}


def tiny() -> DataDescription:
    return DESCRIBED["tiny"]


def public(monkeypatch: pytest.MonkeyPatch, *entries: str, hashes: dict[str, str] = SHA256, **changes: Any) -> None:
    """Describe `tiny` with these public sources, or with one that has nothing; `changes` are to its description."""
    files = zip(("train_images", "train_labels", "test_images", "test_labels"), hashes.items(), strict=True)
    idx = {role: {"path": path, "sha256": sha256} for role, (path, sha256) in files}
    values: dict[str, Any] = {
        **{"name": "tiny", "title": "Tiny", "rows": 6, "test_rows": 3, "shape": (4, 4), "classes": 3},
        **{"idx": {**idx, "urls": entries or (NOWHERE,)}, "folder": Path("/nowhere")},
    }
    monkeypatch.setitem(DESCRIBED, "tiny", DataDescription.model_validate(values | changes))


def serve_all(server: Server) -> None:
    for name, content in CONTENT.items():
        server.answers[f"/good/{name}.gz"] = body(gzip.compress(content))


def stored(cache_folder: Path, name: str = FIRST) -> Path:
    return cache_folder / CACHED / f"{name}.padded"


def assert_tiny() -> None:
    loaded = datasets.load(tiny())
    assert loaded.test is not None
    for part, names in ((loaded.train, list(ARRAYS)[:2]), (loaded.test, list(ARRAYS)[2:])):
        assert part.x.dtype == np.uint8
        assert np.array_equal(part.x, ARRAYS[names[0]])
        assert part.x.ctypes.data % 64 == 0
        assert part.y.dtype == np.int32
        assert np.array_equal(part.y, ARRAYS[names[1]])
    assert loaded.sha256 == SHA256


def fetch_fails() -> list[str]:
    """The lines of the message: the first, one for each source tried, what to do."""
    with pytest.raises(DataError) as raised:
        datasets.fetch(tiny())
    return str(raised.value).splitlines()


# --- the cache ------------------------------------------------------------------------------------------------------


def test_fetch_from_a_folder(mirror: Path, cache_folder: Path) -> None:
    assert not datasets.is_present(tiny())
    lines: list[str] = []

    datasets.fetch(tiny(), lines.append)

    assert lines == [f"tiny/{name}: verified, from {mirror}/tiny/{name}.gz" for name in CONTENT]
    assert datasets.is_present(tiny())
    assert [status.state for status in datasets.verify(tiny())] == ["ok"] * 4
    assert sorted(path.name for path in (cache_folder / CACHED).iterdir()) == sorted(f"{n}.padded" for n in CONTENT)
    assert stored(cache_folder).read_bytes() == bytes(48) + CONTENT[FIRST]
    assert_tiny()


@pytest.mark.parametrize("form", ["file URL", "uncompressed", "trailing slash"])
def test_other_forms_of_mirror(monkeypatch: pytest.MonkeyPatch, mirror: Path, form: str) -> None:
    if form == "file URL":
        monkeypatch.setenv("REPRO_DATA_MIRROR", mirror.as_uri())
    elif form == "trailing slash":
        monkeypatch.setenv("REPRO_DATA_MIRROR", f"{mirror}/")
    else:
        for name, content in CONTENT.items():
            (mirror / "tiny" / f"{name}.gz").unlink()
            (mirror / "tiny" / name).write_bytes(content)

    datasets.fetch(tiny())

    assert_tiny()


def test_load_without_files_says_what_to_do(cache_folder: Path) -> None:
    with pytest.raises(DataError) as raised:
        datasets.load(tiny())
    assert str(raised.value) == (
        f"tiny: expected {stored(cache_folder)}, which is not there; it must be fetched: "
        "`repro data fetch /nowhere/tiny.yaml`"
    )
    assert datasets.verify(tiny())[0] == datasets.FileStatus(
        *(FIRST, "missing", SHA256[FIRST], None, stored(cache_folder)),
        "it must be fetched: `repro data fetch /nowhere/tiny.yaml`",
    )


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"", b""),
        (bytes(48), b""),
        (bytes(48) + CONTENT[FIRST][:-1], CONTENT[FIRST][:-1]),
        (bytes(48) + CONTENT[FIRST] + b"\0", CONTENT[FIRST] + b"\0"),
        (bytes(48) + CONTENT[FIRST].replace(b"\x08", b"\x09", 1), CONTENT[FIRST].replace(b"\x08", b"\x09", 1)),
        (bytes(47) + b"\1" + CONTENT[FIRST], b""),
        (CONTENT[FIRST], b""),
    ],
    ids=["empty", "only padding", "truncated", "longer", "bit flip", "padding not zero", "not padded"],
)
def test_damage_is_found_on_load_and_mended_by_fetch(
    mirror: Path, cache_folder: Path, content: bytes, seen: bytes
) -> None:
    datasets.fetch(tiny())
    path = stored(cache_folder)
    path.write_bytes(content)
    actual = hashlib.sha256(seen).hexdigest()

    assert datasets.verify(tiny())[0] == datasets.FileStatus(
        FIRST, "damaged", SHA256[FIRST], actual, path, "`repro data fetch /nowhere/tiny.yaml` gets it anew"
    )
    with pytest.raises(DataError) as raised:
        datasets.load(tiny())
    assert str(raised.value) == (
        f"tiny: {path} is damaged: its content has SHA-256 {actual}, expected {SHA256[FIRST]}; "
        "`repro data fetch /nowhere/tiny.yaml` gets it anew"
    )

    lines: list[str] = []
    datasets.fetch(tiny(), lines.append)
    assert lines[:-1] == [f"tiny/{name}: already there, verified" for name in list(CONTENT)[1:]]
    assert lines[-1] == f"tiny/{FIRST}: verified, from {mirror}/tiny/{FIRST}.gz"
    assert_tiny()


def test_a_damaged_file_is_gone_when_no_source_has_a_better_one(
    monkeypatch: pytest.MonkeyPatch, mirror: Path, cache_folder: Path
) -> None:
    datasets.fetch(tiny())
    stored(cache_folder).write_bytes(b"damaged")
    monkeypatch.delenv("REPRO_DATA_MIRROR")

    fetch_fails()

    assert not stored(cache_folder).exists()


def test_images_are_mapped_and_writes_stay_in_memory(mirror: Path, cache_folder: Path) -> None:
    datasets.fetch(tiny())
    first, second = datasets.load(tiny()).train.x, datasets.load(tiny()).train.x

    first[:] = 0

    assert np.array_equal(second, ARRAYS[FIRST])
    assert stored(cache_folder).read_bytes() == bytes(48) + CONTENT[FIRST]


def test_labels_out_of_range_are_refused_after_the_hash(monkeypatch: pytest.MonkeyPatch, mirror: Path) -> None:
    datasets.fetch(tiny())
    public(monkeypatch, classes=2)

    with pytest.raises(DataError) as raised:
        datasets.load(tiny())
    assert str(raised.value) == "tiny/train-labels-idx1-ubyte: expected labels from 0 to 1, got 2 in row 2 (from 0)"


def test_shape_is_checked_after_the_hash(monkeypatch: pytest.MonkeyPatch, mirror: Path) -> None:
    datasets.fetch(tiny())
    public(monkeypatch, shape=(2, 8))

    with pytest.raises(DataError) as raised:
        datasets.load(tiny())
    assert str(raised.value) == (
        f"tiny/{FIRST}: expected an IDX header of unsigned bytes in shape (6, 2, 8) "
        "(00000803000000060000000200000008), got 00000803000000060000000400000004"
    )


def test_a_file_is_flushed_renamed_and_its_folder_flushed_in_this_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        calls.append("fsync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync file")
        fsync(descriptor)

    def recorded_replace(self: Path, target: Path) -> Path:
        calls.append("rename in the folder" if self.parent == target.parent else "move")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)

    cache.store(tmp_path / "new" / "x.padded", b"content")

    assert calls == ["fsync file", "rename in the folder", "fsync folder"]


def test_disk_full_keeps_the_old_file_and_leaves_no_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "x.padded"
    cache.store(path, b"old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MachineError) as raised:
        cache.store(path, b"new")

    assert str(raised.value) == (
        f"can't write {path}: No space left on device: free space there, or set REPRO_DATA_DIR to another folder"
    )
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == ["x.padded"]
    assert path.read_bytes() == bytes(48) + b"old"


def test_orphans_of_killed_processes_are_ignored_and_later_swept(mirror: Path, cache_folder: Path) -> None:
    old, new = (cache_folder / CACHED / f".{FIRST}.padded.{age}.tmp" for age in ("old", "new"))
    old.parent.mkdir(parents=True)
    old.touch()
    new.touch()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    assert not datasets.is_present(tiny())

    datasets.fetch(tiny())

    assert not old.exists()
    assert new.exists()
    assert_tiny()


def test_cache_folder_that_is_a_file(monkeypatch: pytest.MonkeyPatch, mirror: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("REPRO_DATA_DIR", str(blocked))

    with pytest.raises(NotADirectoryError) as raised:
        datasets.fetch(tiny())
    assert raised.value.filename == str(stored(blocked))


def test_default_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REPRO_DATA_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "repro"


def test_no_absolute_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPRO_DATA_DIR", "")

    with pytest.raises(MachineError) as raised:
        cache.folder(default=lambda project: f"~/.cache/{project}")
    assert str(raised.value) == (
        "no cache folder: expected an absolute path, got ~/.cache/repro: set REPRO_DATA_DIR to a folder"
    )


@pytest.mark.slow
def test_tensorflow_uses_the_mapped_images_in_place(mirror: Path) -> None:
    import tensorflow as tf

    datasets.fetch(tiny())
    part = datasets.load(tiny()).train

    for array in (part.x, part.y):
        tensor = tf.experimental.dlpack.from_dlpack(array.__dlpack__())
        assert np.from_dlpack(tensor).ctypes.data == array.ctypes.data
        assert np.array_equal(tf.gather(tensor, [4, 2]).numpy(), array[[4, 2]])


# --- sources --------------------------------------------------------------------------------------------------------


def test_a_warm_cache_needs_no_network(monkeypatch: pytest.MonkeyPatch, server: Server, cache_folder: Path) -> None:
    serve_all(server)
    public(monkeypatch, f"{server.url}/good/{{file}}.gz")
    datasets.fetch(tiny())
    assert server.asked == [f"/good/{name}.gz" for name in CONTENT]

    def no_network(*args: object, **kwargs: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "socket", no_network)
    lines: list[str] = []
    datasets.fetch(tiny(), lines.append)

    assert lines == [f"tiny/{name}: already there, verified" for name in CONTENT]
    assert_tiny()
    assert len(server.asked) == 4


def test_the_mirror_comes_before_the_public_sources(
    monkeypatch: pytest.MonkeyPatch, server: Server, mirror: Path
) -> None:
    public(monkeypatch, f"{server.url}/good/{{file}}.gz")

    datasets.fetch(tiny())

    assert server.asked == []
    assert_tiny()


def test_a_mirror_over_http_is_asked_for_both_forms(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    monkeypatch.setenv("REPRO_DATA_MIRROR", f"{server.url}/m/")
    for name, content in CONTENT.items():
        server.answers[f"/m/tiny/{name}"] = body(content)

    datasets.fetch(tiny())

    assert server.asked[:2] == [f"/m/tiny/{FIRST}.gz", f"/m/tiny/{FIRST}"]
    assert_tiny()


PAGE = b"\n<!DOCTYPE html>\n<html><body>Please log in</body></html>"
COMPRESSED = gzip.compress(CONTENT[FIRST])
BOMB = gzip.compress(bytes(50_000_000))
WRONG = encode(ARRAYS[FIRST] ^ 1)
SHORT = encode(ARRAYS[FIRST][1:])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, "HTTP 404 Not Found"),
        (body(COMPRESSED[:-30], announced=len(COMPRESSED)), "the connection was cut before the end"),
        (body(PAGE), "got an HTML page"),
        (
            body(gzip.compress(WRONG)),
            f"its content has SHA-256 {hashlib.sha256(WRONG).hexdigest()}, expected {SHA256[FIRST]}",
        ),
        (body(b""), f"its content has SHA-256 {hashlib.sha256(b'').hexdigest()}, expected {SHA256[FIRST]}"),
        (
            body(COMPRESSED[:-4]),
            "damaged gzip: Compressed file ended before the end-of-stream marker was reached",
        ),
        (body(BOMB), f"decompresses to more than the expected {len(CONTENT[FIRST])} bytes"),
        (body(bytes(LIMIT + 1)), f"more than {LIMIT} bytes, which is too many for this file"),
    ],
    ids=["404", "cut", "html", "wrong", "empty", "gzip cut", "bomb", "endless"],
)
def test_a_bad_source_is_named_and_the_next_one_is_used(
    monkeypatch: pytest.MonkeyPatch, server: Server, cache_folder: Path, answer: Answer | None, reason: str
) -> None:
    if answer:
        server.answers[f"/bad/{FIRST}.gz"] = answer
    bad = f"{server.url}/bad/{{file}}.gz"
    public(monkeypatch, bad)

    assert fetch_fails() == [
        f"tiny/{FIRST}: expected content with SHA-256 {SHA256[FIRST]}; no source has it:",
        f"  {server.url}/bad/{FIRST}.gz: {reason}",
        f"Set REPRO_DATA_MIRROR to a folder or URL that holds tiny/{FIRST}.gz (or the same uncompressed, without .gz), "
        "or fetch tiny on a machine with a network, copy its cache folder here and set REPRO_DATA_DIR to the copy.",
    ]
    assert list(cache_folder.rglob("*")) == []

    serve_all(server)
    public(monkeypatch, bad, f"{server.url}/good/{{file}}.gz")
    lines: list[str] = []
    datasets.fetch(tiny(), lines.append)

    assert lines[:2] == [
        f"tiny/{FIRST}: {server.url}/bad/{FIRST}.gz: {reason}",
        f"tiny/{FIRST}: verified, from {server.url}/good/{FIRST}.gz",
    ]
    assert_tiny()


def test_a_gzip_bomb_is_not_unpacked(mirror: Path) -> None:
    (mirror / "tiny" / f"{FIRST}.gz").write_bytes(BOMB)

    tracemalloc.start()
    fetch_fails()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 5_000_000  # unpacked it has 50 MB


def test_every_source_tried_is_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
        monkeypatch.setenv("REPRO_DATA_MIRROR", "s3://bucket")
        public(monkeypatch, f"{tmp_path}/none/{{file}}.gz", f"{closed}/{{file}}.gz")

        lines = fetch_fails()

    assert lines[1:-1] == [
        f"  s3://bucket/tiny/{FIRST}.gz: expected a folder or a file, http or https URL, got 's3'",
        f"  s3://bucket/tiny/{FIRST}: expected a folder or a file, http or https URL, got 's3'",
        f"  {tmp_path}/none/{FIRST}.gz: No such file or directory",
        f"  {closed}/{FIRST}.gz: no connection (NewConnectionError)",
    ]


def test_a_server_that_never_answers_does_not_hang(server: Server) -> None:
    done = threading.Event()
    server.answers["/slow"] = lambda handler: (done.wait(20), None)[1]

    with pytest.raises(RefusedError) as raised:
        download(f"{server.url}/slow", "tiny", LIMIT, print, read_seconds=0.2)
    done.set()

    assert str(raised.value) == "no answer within 10 to 0.2 seconds"


def test_too_large_a_file_in_a_folder_is_refused(mirror: Path) -> None:
    (mirror / "tiny" / f"{FIRST}.gz").write_bytes(bytes(LIMIT + 1))

    assert fetch_fails()[1] == f"  {mirror}/tiny/{FIRST}.gz: more than {LIMIT} bytes, which is too many for this file"


def test_progress_tells_how_much_has_come(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    large = np.random.default_rng(1).integers(0, 256, (3000, 32, 32), dtype=np.uint8)
    labels = np.zeros(3000, dtype=np.uint8)
    contents = {name: encode(array) for name, array in zip(ARRAYS, [large, labels, large[:3], labels[:3]], strict=True)}
    server.answers = {f"/{name}": body(content) for name, content in contents.items()}
    known = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    public(monkeypatch, f"{server.url}/{{file}}", hashes=known, rows=3000, shape=(32, 32))
    lines: list[str] = []

    datasets.fetch(tiny(), lines.append)

    assert lines[:3] == [
        f"tiny/{FIRST}: 1 of 3 MB",
        f"tiny/{FIRST}: 2 of 3 MB",
        f"tiny/{FIRST}: verified, from {server.url}/{FIRST}",
    ]
    assert np.array_equal(datasets.load(tiny()).train.x, large)


# --- npz archives ---------------------------------------------------------------------------------------------------

NPZ_NAMES = ["x_train", "y_train", "x_test", "y_test"]


def npz(**changed: object) -> bytes:
    out = io.BytesIO()
    arrays = dict(zip(NPZ_NAMES, ARRAYS.values(), strict=True)) | changed
    np.savez_compressed(out, **{name: np.asarray(array) for name, array in arrays.items() if array is not None})
    return out.getvalue()


def bare_npz(member: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x_train.npy", member)
    return out.getvalue()


def npy_of_shape(shape: tuple[int, ...]) -> bytes:
    """A header that announces far more than follows it."""
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def test_an_archive_is_downloaded_once_and_gives_all_files(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    server.answers["/tiny.npz"] = body(npz())
    public(monkeypatch, f"{server.url}/tiny.npz")

    datasets.fetch(tiny())

    assert server.asked == ["/tiny.npz"]
    assert_tiny()


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (
            npz(x_train=np.array([{}], dtype=object)),
            "damaged npz: Object arrays cannot be loaded when allow_pickle=False",
        ),
        (npz(x_train=None), "damaged npz: \"There is no item named 'x_train.npy' in the archive\""),
        (
            npz(x_train=ARRAYS[FIRST].astype("f4")),
            "x_train.npy: expected uint8, got float32",
        ),
        (
            npz(x_train=ARRAYS[FIRST][1:]),
            f"its content has SHA-256 {hashlib.sha256(SHORT).hexdigest()}, expected {SHA256[FIRST]}",
        ),
        (
            npz(x_train=np.zeros(70_000, "u1")),
            f"x_train.npy decompresses to more than the expected {len(CONTENT[FIRST])} bytes",
        ),
        (b"no archive", "damaged npz: File is not a zip file"),
        (npz()[:-10], "damaged npz: File is not a zip file"),
    ],
    ids=["object array", "no member", "float", "short", "large", "no zip", "cut"],
)
def test_bad_archives_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, archive: bytes, reason: str) -> None:
    path = tmp_path / "tiny.npz"
    path.write_bytes(archive)
    public(monkeypatch, str(path))

    assert fetch_fails()[1] == f"  {path}: {reason}"


@pytest.mark.parametrize("shape", [(10**6,), (10**18,)])
def test_an_archive_that_announces_too_much_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "tiny.npz"
    path.write_bytes(bare_npz(npy_of_shape(shape)))
    public(monkeypatch, str(path))

    assert fetch_fails()[1].startswith(f"  {path}: damaged npz: ")


# --- files that are not IDX -----------------------------------------------------------------------------------------


def table(folder: Path, content: bytes, sha256: str, *urls: str) -> DataDescription:
    """A table of two rows, described in `folder`, which can be fetched from `urls`."""
    values = {"name": "flowers", "title": "Flowers", "rows": 2, "shape": (1,), "classes": 2, "folder": folder}
    return DataDescription.model_validate(values | {"csv": {"path": "flowers.csv", "sha256": sha256, "urls": urls}})


ROWS = b"1.5,0\n2.5,1\n"


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("of_archive", [True, False])
def test_a_checksum_is_of_a_file_as_it_is_or_uncompressed(
    server: Server, tmp_path: Path, compressed: bool, of_archive: bool
) -> None:
    served = gzip.compress(ROWS, mtime=0) if compressed else ROWS
    hashed = served if of_archive else ROWS
    server.answers["/flowers.csv"] = body(served)
    description = table(tmp_path, ROWS, hashlib.sha256(hashed).hexdigest(), f"{server.url}/{{file}}")

    datasets.fetch(description)

    assert [status.state for status in datasets.verify(description)] == ["ok"]
    if hashed is ROWS:
        assert datasets.load(description).train.x.tolist() == [[1.5], [2.5]]


def test_a_file_beside_its_description_comes_before_the_cache_and_is_never_replaced(
    server: Server, tmp_path: Path
) -> None:
    description = table(tmp_path, ROWS, hashlib.sha256(ROWS).hexdigest(), f"{server.url}/{{file}}")
    beside = tmp_path / "flowers.csv"
    beside.write_bytes(ROWS)
    lines: list[str] = []
    datasets.fetch(description, lines.append)
    assert lines == ["flowers/flowers.csv: lies beside flowers.yaml, verified"]
    assert datasets.load(description).train.y.tolist() == [0, 1]

    beside.write_bytes(b"changed")
    with pytest.raises(DataError) as raised:
        datasets.fetch(description)

    assert str(raised.value) == (
        f"flowers: {beside} is damaged: its content has SHA-256 {hashlib.sha256(b'changed').hexdigest()}, expected "
        f"{hashlib.sha256(ROWS).hexdigest()}; delete it, and get it by `repro data fetch {tmp_path}/flowers.yaml`"
    )
    assert beside.read_bytes() == b"changed"
    assert server.asked == []


def test_a_file_that_comes_from_nowhere_is_to_be_put_beside_its_description(tmp_path: Path) -> None:
    description = table(tmp_path, ROWS, hashlib.sha256(ROWS).hexdigest())
    for use in (datasets.load, datasets.fetch):
        with pytest.raises(DataError) as raised:
            use(description)
        assert str(raised.value) == (
            f"flowers: expected {tmp_path}/flowers.csv, which is not there; put it there, or mend "
            f"{tmp_path}/flowers.yaml"
        )
    (tmp_path / "flowers.csv").write_bytes(ROWS + b"3.5,1\n")
    with pytest.raises(
        DataError,
        match=f"; restore it, or, if the change is meant, describe the data again and mend {tmp_path}/flowers.yaml$",
    ):
        datasets.load(description)


def test_two_descriptions_of_one_name_keep_apart_in_the_cache(server: Server, tmp_path: Path) -> None:
    other = ROWS.replace(b"1.5", b"9.5")
    for folder, content in (("one", ROWS), ("two", other)):
        server.answers[f"/{folder}/flowers.csv"] = body(content)
    one, two = (
        table(tmp_path / folder, content, hashlib.sha256(content).hexdigest(), f"{server.url}/{folder}/{{file}}")
        for folder, content in (("one", ROWS), ("two", other))
    )
    for description in (one, two, one, two):
        datasets.fetch(description)

    assert server.asked == ["/one/flowers.csv", "/two/flowers.csv"]
    assert [datasets.load(each).train.x[0, 0] for each in (one, two)] == [1.5, 9.5]
