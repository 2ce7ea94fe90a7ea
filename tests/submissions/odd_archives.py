"""Odd archives: nested, hostile, broken."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

from odd_kit import odd, right

Entry = tuple[str | zipfile.ZipInfo, bytes]


def archive(*entries: Entry) -> bytes:
    """Return the bytes of an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries:
            file.writestr(name, data)
    return packed.getvalue()


def pack(folder: Path, *entries: Entry) -> Path:
    """Write an archive."""
    path = folder / "hw.zip"
    path.write_bytes(archive(*entries))
    return path


def _bytes() -> bytes:
    return json.dumps(right()).encode()


@odd()
def archive_of_a_notebook(folder: Path) -> Path:
    return pack(folder, ("work/hw.ipynb", _bytes()), ("__MACOSX/._hw.ipynb", b"\0\5"))


@odd("2 files that could be", "'b.ipynb' answers the most")
def archive_of_two(folder: Path) -> Path:
    return pack(folder, ("a.ipynb", b'{"cells": []}'), ("b.ipynb", _bytes()))


@odd(problem="a path outside the archive")
def archive_that_climbs_out(folder: Path) -> Path:
    return pack(folder, ("hw.ipynb", _bytes()), ("../../x.py", b"x = 1"))


@odd(problem="a path outside the archive")
def archive_with_an_absolute_path(folder: Path) -> Path:
    return pack(folder, ("hw.ipynb", _bytes()), ("/etc/cron.d/x", b"x"))


@odd(problem="a link to another file")
def archive_with_a_link(folder: Path) -> Path:
    entry = zipfile.ZipInfo("data.csv")
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return pack(folder, ("hw.ipynb", _bytes()), (entry, b"/etc/passwd"))


@odd(problem="10001 files")
def archive_of_ten_thousand_files(folder: Path) -> Path:
    many = [(f"data/{number}.csv", b"") for number in range(10_000)]
    return pack(folder, ("hw.ipynb", _bytes()), *many)


@odd(problem="unpacks to too much")
def archive_that_claims_a_gigabyte(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", _bytes()), ("zeros.bin", bytes(10**6)))
    data = bytearray(path.read_bytes())
    place = data.rfind(b"PK\x01\x02") + 24  # the size in the index, of the last file
    data[place : place + 4] = (10**9).to_bytes(4, "little")
    path.write_bytes(data)
    return path


@odd(problem="unpacks to too much")
def archive_of_gigabytes_of_zeros_in_an_archive(folder: Path) -> Path:
    inner = archive(("zeros.py", bytes(40 * 2**20)))
    return pack(folder, *((f"{number}.zip", inner) for number in range(4)))


@odd(problem="damaged")
def archive_that_lies_about_its_size(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", bytes(3 * 2**20)))
    data = bytearray(path.read_bytes())
    for place in (data.find(b"PK\x03\x04") + 22, data.find(b"PK\x01\x02") + 24):
        data[place : place + 4] = (1000).to_bytes(4, "little")
    path.write_bytes(data)
    return path


@odd(problem="damaged")
def archive_cut_short(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", _bytes()))
    path.write_bytes(path.read_bytes()[:-30])
    return path


@odd(problem="encrypted")
def archive_with_a_password(folder: Path) -> Path:
    path = pack(folder, ("hw.ipynb", _bytes()))
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x03\x04") + 6] |= 1
    data[data.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


@odd()
def archive_in_an_archive(folder: Path) -> Path:
    return pack(folder, ("inner.zip", archive(("hw.ipynb", _bytes()))))


@odd(problem="archives in archives")
def archive_in_an_archive_in_an_archive(folder: Path) -> Path:
    inner = archive(("hw.ipynb", _bytes()))
    return pack(folder, ("inner.zip", archive(("inner.zip", inner))))


@odd(problem="archives in archives")
def archives_by_the_thousand_in_one_another(folder: Path) -> Path:
    data = archive(*((f"{n}.py", b"") for n in range(100)))
    for _ in range(3):
        data = archive(*((f"{n}.ipynb", data) for n in range(20)))
    return pack(folder, ("hw.py", data))


@odd(problem="and at most 5000 are read")
def archives_that_hold_six_thousand_files_together(folder: Path) -> Path:
    inner = archive(*((f"{n}.py", b"") for n in range(300)))
    return pack(folder, *((f"{n}.zip", inner) for n in range(20)))


@odd(problem="packed in a way that is not read here")
def archive_packed_with_bzip2(folder: Path) -> Path:
    path = folder / "hw.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as packed:
        packed.writestr("hw.ipynb", bytes(10**6))
    return path


@odd(problem="holds no .ipynb or .py")
def word_document(folder: Path) -> Path:
    return pack(folder, ("word/document.xml", b"<w/>")).rename(folder / "hw.docx")
