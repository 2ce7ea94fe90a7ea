"""What arrives is found, told apart and copied, whatever a student put into it.

More than 400 lines: each form of download is followed from its archive to its place.
"""

from __future__ import annotations

import os
import stat
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from arrivals_kit import parcels

from autograder.classroom.arrivals.bulk_zip import unpack
from autograder.classroom.arrivals.collect import Collection, collect
from autograder.classroom.arrivals.commit_times import commit_times
from autograder.classroom.arrivals.naming import Form
from autograder.classroom.bounded import BoundedProcess
from autograder.classroom.folder import ClassFolder, open_class, save_settings
from autograder.classroom.records import Roster, Student
from autograder.student.lesson import find_course
from autograder.student.report import CourseError

COURSE = find_course(Path(__file__))
LESSON = COURSE.lesson("00-start")
RIGHT = LESSON.reference_path.read_bytes()
WRONG = RIGHT.replace(b"x.mean()", b"0.0")
STUB = LESSON.exercise_path.read_bytes()


@pytest.fixture(scope="session")
def process() -> Iterator[BoundedProcess]:
    """A process that reads what arrives."""
    with BoundedProcess() as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> ClassFolder:
    """A class without a gradebook."""
    root = tmp_path / "class"
    root.mkdir()
    save_settings(root, COURSE.root, 7)
    return open_class(root)


def _packed(path: Path, *files: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return path


def _file(path: Path, data: bytes = RIGHT, when: float = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if when:
        os.utime(path, (when, when))
    return path


def _collect(
    folder: ClassFolder, *sources: Path, roster: Roster | None = None
) -> Collection:
    return collect(folder, sources, roster or Roster(), lesson=LESSON)


def _rows(done: Collection) -> list[tuple[str, str, str]]:
    return [(one.student, one.file, one.outcome) for one in done.collected]


def _whose(*sources: Path) -> list[str]:
    return [parcel.student for parcel in parcels(sources)]


def test_a_platforms_archive_is_a_class_and_a_students_is_a_student(
    tmp_path: Path,
) -> None:
    canvas = _packed(
        tmp_path / "a.zip", ("ann_12_901_x.py", b""), ("bo_13_902_x.py", b"")
    )
    moodle = _packed(
        tmp_path / "b.zip", ("work/Ann O_12_assignsubmission_file_/sub/x.py", b"")
    )
    own = _packed(tmp_path / "eve.zip", ("work/x.py", b""), ("work/hw_1_2_x.py", b""))
    assert _whose(canvas) == ["12", "13"]
    assert _whose(moodle) == ["Ann O"]
    assert _whose(own) == ["eve"]
    assert _whose(canvas, moodle, own) == ["12", "13", "Ann O", "eve"]


def test_folders_are_recognised_by_what_is_in_them(tmp_path: Path) -> None:
    for name in ("hw1-ada-l", "hw1-bob"):
        (tmp_path / "hw1-submissions" / name / ".git").mkdir(parents=True)
    clones = tmp_path / "hw1-submissions"
    _file(tmp_path / "submitted/ada/00-start/00-start.ipynb")
    _file(tmp_path / "submitted/bob/01-gradients/01-gradients.ipynb")
    _file(tmp_path / "flat/Ann O_12_assignsubmission_file_x.py")
    _file(tmp_path / "plain/ann/x.py")
    _file(tmp_path / "plain/bo.py")
    _file(tmp_path / "eve/course/00-start/exercise.py")
    assert _whose(clones) == ["ada-l", "bob"]
    _file(clones / "cy.zip")  # by mail
    assert _whose(clones) == ["cy", "ada-l", "bob"]
    (clones / "cy.zip").unlink()
    assert _whose(*sorted(clones.iterdir())) == ["ada-l", "bob"]
    (tmp_path / "submitted/nobody").mkdir()
    assert _whose(tmp_path / "submitted") == ["ada", "bob"]
    _file(tmp_path / "submitted/cy/homework/x.py")
    assert _whose(tmp_path / "submitted") == ["ada", "bob", "cy"]
    assert _whose(tmp_path / "flat") == ["Ann O"]
    assert _whose(tmp_path / "plain") == ["ann", "bo"]
    assert _whose(tmp_path / "eve") == ["eve"]


def test_whoever_hands_in_another_kind_of_file_is_named(folder: ClassFolder) -> None:
    place = folder.root.parent / "in"
    for name in ("ann.ipynb.json", "bo.py (1)", "cy.py.", "dan.rar", "eve"):
        _file(place / name)
    _file(place / "Thumbs.db")
    done = _collect(folder, place)
    assert [one.student for one in done.collected] == ["ann", "bo", "cy"]
    assert [one.file for one in done.collected] == ["ann.ipynb.json", "bo.py", "cy.py"]
    assert list(map(str, done.refused)) == [
        "dan.rar: it is no .ipynb, .py or .zip file",
        "eve: it is no .ipynb, .py or .zip file",
    ]


def test_of_two_students_of_one_name_none_is_lost(tmp_path: Path) -> None:
    for number in (124, 125):
        _file(tmp_path / f"in/Ann O_{number}_assignsubmission_file_/x.py")
    _file(tmp_path / "in/Bo_126_assignsubmission_file_/x.py")
    assert _whose(tmp_path / "in") == ["Ann O 124", "Ann O 125", "Bo"]
    assert _whose(*sorted((tmp_path / "in").iterdir())[1:]) == ["Ann O", "Bo"]
    assert _whose(tmp_path / "in/Bo_126_assignsubmission_file_") == ["Bo"]


def test_of_two_students_of_one_name_a_class_list_of_one_knows_none(
    tmp_path: Path,
) -> None:
    for number in (124, 125):
        _file(tmp_path / f"in/Ann O_{number}_assignsubmission_file_/x.py")
    ann = Student("ann", "Ann", "O")
    found = [parcel.student for parcel in parcels([tmp_path / "in"], _list(ann))]
    assert found == ["unknown-Ann O 124", "unknown-Ann O 125"]
    ann = Student("ann", "Ann", "O", aliases=("125",))
    found = [parcel.student for parcel in parcels([tmp_path / "in"], _list(ann))]
    assert found == ["unknown-Ann O 124", "ann"]


def _list(*students: Student) -> Roster:
    return Roster({student.id: student for student in students})


def test_attempts_of_blackboard_are_a_class_and_the_last_counts(
    folder: ClassFolder,
) -> None:
    start = "HW 1_{}_attempt_2026-11-30-10-00-0{}"
    place = folder.root.parent / "gradebook"
    for who, number, data in (("ada", 1, RIGHT), ("bob", 2, STUB), ("bob", 3, RIGHT)):
        name = start.format(who, number)
        _file(place / f"{name}.txt", b"Name: Ada\nCurrent Grade: Not Graded\n")
        _file(place / f"{name}_hw.py", data, 10**9 + number)
    files = [(path.name, path.read_bytes()) for path in sorted(place.iterdir())]
    source = _packed(folder.root.parent / "gradebook.zip", *files)
    for one in (place, source):
        done = _collect(folder, one)
        assert {row[:2] for row in _rows(done)} == {("ada", "hw.py"), ("bob", "hw.py")}
        assert not done.refused
    assert "the last one counts" in str(done) or "the one with work" in str(done)


def test_a_download_of_brightspace_is_a_class(folder: ClassFolder) -> None:
    top = "{}-9 - {} - Nov 3, 2026 1019 PM"
    ann, bo = top.format(1, "Ann O"), top.format(2, "Bo van Ek")
    source = _packed(
        folder.root.parent / "HW 1 Download.zip",
        ("index.html", b"<html>"),
        (f"{ann}/hw.py", RIGHT),
        (f"{bo}/hw.py", RIGHT),
    )
    done = _collect(folder, source, roster=_list(Student("bo", "Bo", "van Ek")))
    assert [row[0] for row in _rows(done)] == ["bo", "unknown-Ann O"]
    assert not done.refused


GRADESCOPE = b"""
submission_11:
  :submitters:
  - :name: Ann O
    :sid: '0042'
    :email: ann@example.org
  :created_at: 2026-11-30 10:17:14.128338000 Z
  :results: {tests: [{name: 'a: b', output: "x\\ny"}]}
submission_12:
  :submitters:
  - :name: Bo Ek
    :sid:
    :email: bo@example.org
  - :name: Ann O
    :sid: '0043'
"""


def test_an_export_of_gradescope_is_a_class_and_names_groups(
    folder: ClassFolder,
) -> None:
    place, root = "assignment_9_export", folder.root.parent
    source = _packed(
        root / "assignment_9_export.zip",
        (f"{place}/submission_metadata.yml", GRADESCOPE),
        (f"{place}/submission_11/hw.py", RIGHT),
        (f"{place}/submission_12/exercise.ipynb/hw.py", WRONG),
        (f"{place}/submission_13/hw.py", STUB),
    )
    with zipfile.ZipFile(source) as archive:
        archive.extractall(root / "unpacked")
    known = _list(Student("0042"), Student("bo", email="Bo@example.org"))
    unpacked = root / "unpacked" / place
    for sources in ((source,), (root / "unpacked",), (unpacked,), unpacked.iterdir()):
        done = _collect(folder, *sources, roster=known)
        students = ["0042", "bo", "unknown-Ann O 0043", "unknown-submission_13"]
        assert [row[0] for row in _rows(done)] == students
        first = done.collected[0]
        assert (first.form, first.file) == ("gradescope", "hw.py")
        assert first.time == "2026-11-30 10:17:14.128338 UTC"
        assert not done.refused
    alone = parcels([source])
    names = ["Ann O 0042", "Bo Ek", "Ann O 0043", "submission_13"]
    assert [parcel.student for parcel in alone] == names


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        (b"- 1", "submission_metadata.yml cannot be read"),
        (b"a: [", "submission_metadata.yml cannot be read"),
        (None, "submission_metadata.yml is missing"),
    ],
)
def test_an_export_of_gradescope_without_names_is_refused(
    folder: ClassFolder, metadata: bytes | None, told: str
) -> None:
    place = folder.root.parent / "assignment_9_export"
    _file(place / "submission_11/hw.py")
    if metadata is not None:
        _file(place / "submission_metadata.yml", metadata)
    with pytest.raises(CourseError, match=told):
        collect(folder, [place], Roster(), lesson=LESSON, form=Form.GRADESCOPE)


def test_a_zip_of_students_folders_is_a_class_where_one_says_so(
    folder: ClassFolder,
) -> None:
    files = [
        ("Submitted files/Ann O/HW 1/Version 1/hw.py", RIGHT),
        ("Submitted files/Bo Ek/HW 1/Version 1/hw.py", STUB),
        ("Submitted files/Bo Ek/HW 1/Version 2/hw.py", RIGHT),
    ]
    source = _packed(folder.root.parent / "OneDrive.zip", *files)
    done = collect(folder, [source], Roster(), lesson=LESSON, form=Form.FOLDER)
    last = "HW 1/Version 2/hw.py"
    assert [row[:2] for row in _rows(done)] == [
        ("Ann O", "HW 1/Version 1/hw.py"),
        ("Bo Ek", last),
    ]
    assert not done.refused


def test_files_without_a_name_stop_nobody_elses(folder: ClassFolder) -> None:
    source = folder.root.parent / "sub.zip"
    nameless = [(zipfile.ZipInfo(name), RIGHT) for name in ("", ".", ".//.")]
    _packed(source, ("d/ann_12_901_hw.py", RIGHT), *nameless)
    done = _collect(folder, source)
    assert _rows(done) == [("12", "hw.py", "collected")]
    assert [one.reason for one in done.refused] == ["it has no name"] * 3


def test_whoever_is_not_in_the_class_list_has_a_name_that_says_so(
    tmp_path: Path,
) -> None:
    roster = Roster({"ann": Student("ann", lms_user_id="12")})
    source = _packed(
        tmp_path / "a.zip", ("ann_12_901_x.py", b""), ("bo_13_902_x.py", b"")
    )
    found = parcels([source], roster)
    assert [(p.student, p.is_known) for p in found] == [
        ("ann", True),
        ("unknown-13", False),
    ]


def test_a_clones_user_is_found_where_the_assignments_name_is_not(
    tmp_path: Path,
) -> None:
    people = ("anna-b", "anna-c", "b", "zoe")
    roster = Roster({name: Student(name) for name in people})
    for name in ("hw-anna-b", "hw-anna-c"):
        _file(tmp_path / f"clones/{name}/x.py")
        (tmp_path / f"clones/{name}/.git").mkdir()
    _file(tmp_path / "one/hw-zoe/x.py")
    (tmp_path / "one/hw-zoe/.git").mkdir()
    found = parcels([tmp_path / "clones", tmp_path / "one"], roster)
    assert [parcel.student for parcel in found] == ["anna-b", "anna-c", "zoe"]


def test_a_hostile_archive_costs_a_line_a_file(
    tmp_path: Path, process: BoundedProcess
) -> None:
    link = zipfile.ZipInfo("bo_1_101_link.py")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    source = _packed(
        tmp_path / "a.zip",
        ("ann_1_100_x.py", RIGHT),
        (link, b"/etc/passwd"),
        ("bo_2_102_../../x.py", b"x"),
        ("/etc/x.py", b"x"),
        ("bo_3_103_\x1b[31m.py", b"x"),
        ("bo_4_104_" + "x" * 300 + ".py", b"x"),
        ("bo_5_105_bomb.py", bytes(101 * 2**20)),
        ("bo_6_106_broken.py", b"0123456789" * 20),
        ("zoe_7_107_x.py", RIGHT),
    )
    data = source.read_bytes()
    at = data.index(b"broken.py") + 9  # the first byte of what is packed
    source.write_bytes(data[:at] + b"\xff\xff" + data[at + 2 :])
    target = tmp_path / "out"
    target.mkdir()
    refused = [(one.name[-9:], one.reason) for one in unpack(source, target, process)]
    assert refused == [
        ("1_link.py", "it is a link to another file"),
        ("./../x.py", "its path leads outside the archive"),
        ("/etc/x.py", "its path leads outside the archive"),
        ("_\x1b[31m.py", "its name holds control characters"),
        ("xxxxxx.py", "it cannot be written: File name too long"),
        ("5_bomb.py", "it is larger than 100 MB"),
        ("broken.py", "it is damaged (error)"),
    ]
    kept = sorted(path.name for path in target.rglob("*"))
    assert kept == ["ann_1_100_x.py", "zoe_7_107_x.py"]
    assert not (tmp_path / "x.py").exists()


def test_what_is_no_archive_is_told(tmp_path: Path, process: BoundedProcess) -> None:
    source = _file(tmp_path / "a.zip", b"PK\x03\x04 and no more")
    with pytest.raises(CourseError, match="no zip archive, or a damaged one"):
        unpack(source, tmp_path, process)


def test_times_and_names_of_an_archive_are_kept(
    tmp_path: Path, process: BoundedProcess
) -> None:
    utc = zipfile.ZipInfo("a.py")
    utc.extra = b"UT\x05\x00\x01" + (1_700_000_000).to_bytes(4, "little")
    local = zipfile.ZipInfo("b.py", (2026, 2, 3, 4, 5, 6))
    source = _packed(tmp_path / "a.zip", (utc, b""), (local, b""), ("K__the.py", b""))
    unmarked = source.read_bytes().replace(b"K__the", "Käthe".encode())
    source.write_bytes(unmarked)
    target = tmp_path / "out"
    target.mkdir()
    assert unpack(source, target, process) == []
    assert (target / "a.py").stat().st_mtime == 1_700_000_000
    told = time.localtime((target / "b.py").stat().st_mtime)
    assert told[:6] == (2026, 2, 3, 4, 5, 6)
    assert (target / "Käthe.py").exists()


def test_collected_again_equal_work_stays_and_newer_replaces_it(
    folder: ClassFolder, tmp_path: Path
) -> None:
    work = _file(tmp_path / "in/ann.py", WRONG, 1_700_000_000)
    assert _rows(_collect(folder, work.parent)) == [("ann", "ann.py", "collected")]
    place = folder.root / "submitted/ann/00-start"
    when = (place / "timestamp.txt").read_text()
    assert when == "2023-11-14 22:13:20.000000 UTC\n"
    os.utime(work, (1_800_000_000, 1_800_000_000))
    assert _rows(_collect(folder, work.parent)) == [("ann", "ann.py", "unchanged")]
    assert (place / "timestamp.txt").read_text() == when
    _file(work, RIGHT, 1_600_000_000)
    assert _rows(_collect(folder, work.parent)) == [("ann", "ann.py", "older")]
    assert (place / "ann.py").read_bytes() == WRONG
    _file(work, RIGHT, 1_800_000_000)
    assert _rows(_collect(folder, work.parent)) == [("ann", "ann.py", "replaced")]
    assert (place / "ann.py").read_bytes() == RIGHT
    (kept,) = (folder.root / "replaced/ann/00-start").iterdir()
    assert (kept / "ann.py").read_bytes() == WRONG
    assert (kept / "timestamp.txt").read_text() == when


def test_of_a_file_handed_in_again_the_last_counts(
    folder: ClassFolder, tmp_path: Path
) -> None:
    source = _packed(
        tmp_path / "a.zip",
        ("ann_12_901_00-start.py", WRONG),
        ("ann_12_902_00-start-1.py", RIGHT),
        ("bo_13_903_00-start-2.py", RIGHT),
        ("bo_13_908_timestamp.txt", b"1999-01-01 12:00:00 UTC"),
        ("cy_14_904_part-1.py", b"x = 1\n"),
        ("cy_14_905_part-2.py", RIGHT),
        ("di_LATE_15_906_hw.py", RIGHT),
        ("di_LATE_15_907_hw-1.py", STUB),
    )
    done = _collect(folder, source)
    assert _rows(done) == [
        ("12", "00-start-1.py", "collected"),
        ("13", "00-start.py", "collected"),
        ("14", "part-2.py", "collected"),
        ("15", "hw.py", "collected"),
    ]
    ann, bo, _, di = done.collected
    assert ann.notes == ("handed in again: 00-start-1.py counts, not 00-start.py",)
    assert not (folder.root / "submitted/12/00-start/00-start.py").exists()
    assert (bo.user_id, bo.sender, bo.late, di.late) == ("13", "bo", False, True)
    assert bo.time[:4] != "1999"  # that is a student's claim
    newer = _packed(tmp_path / "b.zip", ("ann_12_950_00-start-2.py", RIGHT + b"\n"))
    (row,) = collect(folder, [source, newer], Roster(), lesson=LESSON).collected[:1]
    assert "arrived 2 times: the last one counts" in row.notes[-1]


def test_every_lesson_that_is_answered_is_collected(
    folder: ClassFolder, tmp_path: Path
) -> None:
    for name in ("00-start", "01-gradients"):
        _file(folder.root / f"release/{name}/{name}.ipynb")
        twin = COURSE.lesson(name)
        _file(
            tmp_path / f"in/ann/course/{name}/exercise.py", twin.stub_path.read_bytes()
        )
    _file(tmp_path / "in/ann/course/00-start/exercise.py", RIGHT)
    _file(tmp_path / "in/bo.py", COURSE.lesson("01").reference_path.read_bytes())
    _file(tmp_path / "in/cy.py", b"x = 1\n")
    done = collect(folder, [tmp_path / "in"], Roster())
    assert [(one.student, one.lesson) for one in done.collected] == [
        ("ann", "00-start"),
        ("bo", "01-gradients"),
    ]
    assert list(map(str, done.refused)) == ["cy.py: it answers no lesson: name one"]


def test_a_file_that_cannot_be_read_costs_no_other(
    folder: ClassFolder, tmp_path: Path
) -> None:
    _file(tmp_path / "in/ann_12_901_x.py")
    (tmp_path / "in/ann_12_902_y.py").symlink_to("/etc/passwd")
    (tmp_path / "in/bo_13_903_y.py").symlink_to("/etc/passwd")
    (tmp_path / "in/cy").symlink_to("/etc")
    (tmp_path / "in/dan").mkdir()
    Path(os.fsdecode(bytes(tmp_path / "in/dan") + b"/\xff\n.py")).write_bytes(RIGHT)
    done = collect(folder, [tmp_path / "in"], Roster(), lesson=LESSON, form=Form.CANVAS)
    assert _rows(done) == [
        ("12", "x.py", "collected"),
        ("dan", "??.py", "collected"),
    ]
    assert "y.py: The file is a link" in done.collected[0].notes[0]
    assert [one.name for one in done.refused] == ["bo_13_903_y.py", "cy"]


def test_the_tree_of_the_class_is_no_source(folder: ClassFolder) -> None:
    _file(folder.root / "submitted/ann/00-start/x.py")
    with pytest.raises(CourseError, match="in the class folder already"):
        _collect(folder, folder.root / "submitted")
    with pytest.raises(CourseError, match="does not exist"):
        _collect(folder, folder.root / "nowhere")


@pytest.mark.git
def test_a_clone_tells_when_its_files_were_committed_and_runs_nothing(
    folder: ClassFolder, tmp_path: Path
) -> None:
    clone = tmp_path / "hw1-submissions/hw1-ann"
    exercise = _file(clone / "course/00-start/exercise.py", WRONG)
    notebook = _file(clone / "notebooks/00-start.ipynb", b"{}")

    def git(*words: str, when: str = "2026-01-01T00:00:00Z") -> None:
        names = ("-c", "user.name=x", "-c", "user.email=x@x", "-C", str(clone))
        dates = {"GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}
        command = ["git", *names, *words]
        subprocess.run(command, check=True, capture_output=True, env=os.environ | dates)

    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "stub")
    _file(exercise, RIGHT)
    git("commit", "-qam", "solved", when="2026-02-02T12:00:00Z")
    trap = tmp_path / "trap"
    (clone / "run").write_text(f"#!/bin/sh\ntouch '{trap}'\n")
    (clone / "run").chmod(0o755)
    git("config", "log.showSignature", "true")
    for key in ("gpg.program", "core.fsmonitor", "core.pager", "core.sshCommand"):
        git("config", key, str(clone / "run"))
    files = ["course/00-start/exercise.py", "notebooks/00-start.ipynb", "run"]
    assert commit_times(clone, files) == {files[0]: 1770033600, files[1]: 1767225600}
    git("pack-refs", "--all")
    assert len(commit_times(clone, files)) == 2
    (row,) = _collect(folder, clone.parent).collected
    assert (row.student, row.form, row.file) == ("ann", Form.GITHUB, files[0])
    assert row.time == "2026-02-02 12:00:00.000000 UTC"
    assert not trap.exists()
    assert notebook.stat().st_mtime > time.time() - 3600
