"""What is refused before anything is downloaded, each by one sentence that says what to do."""

from __future__ import annotations

import errno
import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from launcher import environment, preflight, steps
from launcher.steps import SetupError
from tests import chromium
from tests.setup.starting import SYSTEM_PYTHON

Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_is_named(host):
    with closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as other:
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(SetupError, match=r"cannot be used \(Address already in use\)\. Choose another with --port"):
            preflight.require_free_port(host, port)
    preflight.require_free_port(host, port)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(SetupError, match="a port is a number from 1 to 65535"):
        preflight.require_free_port("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "refusal", "way_out"),
    [
        ("127.0.0.1", OSError(errno.EADDRNOTAVAIL, "not there"), "This computer has no IPv4; start with --host ::1."),
        ("192.0.2.1", OSError(errno.EADDRNOTAVAIL, "not there"), "Choose an address of this computer with --host."),
        ("no.such.invalid", socket.gaierror(-2, "not known"), "Choose an address of this computer with --host."),
        ("127.0.0.1", OSError(errno.EACCES, "Permission denied"), "Choose another with --port."),
    ],
)
def test_an_address_that_is_not_there_is_told_with_the_option_to_use(monkeypatch, host, refusal, way_out):
    def refuse(_socket, _address):
        raise refusal

    monkeypatch.setattr("socket.socket.bind", refuse)

    with pytest.raises(SetupError, match=way_out):
        preflight.require_free_port(host, 80)


def test_a_disk_without_room_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**9, 10**9, 12_345_678))

    with pytest.raises(SetupError, match=r"has 12 MB left, and setting up needs 530 MB\. Make room"):
        preflight.require_room(tmp_path, 530)


def test_a_full_folder_for_temporary_files_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    preflight.require_temporary_room(0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: Usage(10**9, 10**9, 12_345_678))

    with pytest.raises(SetupError, match=rf"{tmp_path} has 12 MB left, and setting up needs 100 MB there .*TMPDIR"):
        preflight.require_temporary_room(100)

    def none():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.gettempdir", none)
    with pytest.raises(SetupError, match="no folder for temporary files"):
        preflight.require_temporary_room(100)


def test_a_disk_from_which_no_program_may_run_is_named(monkeypatch, tmp_path):
    preflight.require_programs_may_run(tmp_path)
    monkeypatch.setattr(os, "statvfs", lambda _folder: namedtuple("Disk", "f_flag")(os.ST_NOEXEC | os.ST_NOSUID))

    with pytest.raises(SetupError, match=rf"from the disk of {tmp_path} \(it is mounted noexec\)\. Copy the folder"):
        preflight.require_programs_may_run(tmp_path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a:b", "contains ':'"),
        (os.fsdecode(b"H\xf6fe"), "is not in UTF-8"),
        ("x" * 480, "has 481 bytes; it may have 480"),
    ],
)
def test_a_path_with_which_the_ring_could_not_start_is_refused(name, reason):
    preflight.require_usable_path("this folder", Path("/") / "Höfe und Ringe", forbidden=":")
    preflight.require_usable_path("this folder", Path("/") / ("x" * 479))

    with pytest.raises(SetupError, match=re.escape(f"The path of this folder {reason}. Rename the folder")):
        preflight.require_usable_path("this folder", Path("/") / name / "", forbidden=":")


def test_a_clock_that_was_never_set_is_named(monkeypatch):
    preflight.require_clock()
    monkeypatch.setattr("time.gmtime", lambda: time.struct_time((1970, 1, 1, 0, 0, 7, 3, 1, 0)))
    monkeypatch.setattr("time.strftime", lambda _format: "1970-01-01")

    with pytest.raises(SetupError, match=r"clock shows 1970-01-01\. Set it, then start again"):
        preflight.require_clock()


def test_a_python_of_32_bits_is_named(monkeypatch):
    preflight.require_64_bits()
    monkeypatch.setattr("sys.maxsize", 2**31 - 1)

    with pytest.raises(SetupError, match=r"This Python has 32 bits, .* Install a Python of 64 bits"):
        preflight.require_64_bits()


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("ERROR: No matching distribution found for alembic==1.17.2", "what answers as the package index does not"),
        ("SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate is not yet valid')", "certificate of the package"),
        ("error: invalid peer certificate: UnknownIssuer", "certificate of the package index is not accepted"),
        ("Retrying ... NewConnectionError\nERROR: No matching distribution found", "index does not answer"),
        ("ERROR: ResolutionImpossible: for help visit https://pip", "a file of pip on this computer forbids their"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
    ],
)
def test_the_reason_why_nothing_is_fetched_is_told(output, told):
    with pytest.raises(SetupError, match=told):
        steps.raise_known_error(output)


def test_a_dead_proxy_of_debians_packages_is_named(monkeypatch):
    monkeypatch.setattr(preflight, "may_install", lambda: True)
    failed = subprocess.CompletedProcess([], 100, "E: Package 'python3-venv' has no installation candidate\n")
    monkeypatch.setattr(preflight, "run", lambda *_words, **_options: failed)
    monkeypatch.delenv("http_proxy", raising=False)
    failed.stdout = "W: Failed to fetch http://deb ...  Temporary failure resolving 'deb'\n" + failed.stdout
    with pytest.raises(SetupError, match=r"fetched \(Temporary failure resolving 'deb'\)\. Connect, or correct"):
        preflight.provide(["python3-venv"])
    failed.stdout = failed.stdout.splitlines()[-1]
    with pytest.raises(SetupError, match="cannot be installed: E: Package 'python3-venv' has no installation"):
        preflight.provide(["python3-venv"])
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    with pytest.raises(SetupError, match=r"the proxy 127\.0\.0\.1 of the variable http_proxy does not answer"):
        preflight.provide(["python3-venv"])


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no owner to compare with")
def test_an_environment_of_another_user_is_named(monkeypatch, tmp_path):
    assert preflight.other_owner(tmp_path) == ""
    assert preflight.other_owner(tmp_path / "not-there") == ""

    monkeypatch.setattr(os, "geteuid", lambda: 4711)

    assert preflight.other_owner(tmp_path) == tmp_path.owner()
    with pytest.raises(SetupError, match=f"was made by the user {tmp_path.owner()}"):
        preflight.require_owner(tmp_path)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no owner to compare with")
@pytest.mark.parametrize("hidden", ["unfinished", "bin/python"])
def test_an_environment_into_which_only_another_user_may_look_is_named(monkeypatch, tmp_path, hidden):
    """As after umask 077, or where its Python is a link into the home folder of who made it."""
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path)
    monkeypatch.setattr(environment, "UNFINISHED", tmp_path / "unfinished")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / "bin/python")
    (tmp_path / "pyvenv.cfg").touch()
    seen = Path.exists

    def look(path: Path) -> bool:
        if path == tmp_path / hidden:
            raise PermissionError(errno.EACCES, "Permission denied")
        return seen(path)

    monkeypatch.setattr(Path, "exists", look)
    assert not environment.is_usable()  # one's own is built anew
    monkeypatch.setattr(os, "geteuid", lambda: 4711)

    with pytest.raises(SetupError, match=f"was made by the user {tmp_path.owner()}, .* or cannot be read. Start as"):
        environment.require_writable_folder(environment.PROGRAM)


def _print_to_nobody(*_words, **_options):
    raise BrokenPipeError


def test_what_goes_wrong_beside_the_folder_is_not_blamed_on_it(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "LOCK", tmp_path / "lock")
    with pytest.raises(SetupError, match=r"Building failed: /nowhere/python cannot be run \(No such file"):
        steps.run("Building", ["/nowhere/python"])
    monkeypatch.setattr(steps, "PROGRESS_SECONDS", 0.01)
    monkeypatch.setattr(steps, "print", _print_to_nobody, raising=False)
    with pytest.raises(BrokenPipeError), environment.only_start_in_folder():
        steps.run("Sleeping", ["sleep", "1000"])  # killed, else it would take as long
    with pytest.raises(SetupError, match=r"cannot write to its folder .* \(Permission denied\)"):  # noqa: SIM117
        with environment.only_start_in_folder():
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "geteuid", lambda: 4711)

    with pytest.raises(SetupError, match=f"lock was made by the user {tmp_path.owner()}"):  # noqa: SIM117
        with environment.only_start_in_folder():
            raise PermissionError(errno.EACCES, "Permission denied")


def test_what_is_being_fetched_lies_in_the_folder_of_the_program(monkeypatch, tmp_path):
    """So nothing is left elsewhere when pip is killed; Ctrl-C kills it too."""
    begun = []
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path)

    def fetch(_doing: str, _command: list[str], _with_uv: list[str], *, env: dict[str, str]) -> None:
        begun.append(Path(env["TMPDIR"]))
        (begun[-1] / "half-a.whl").touch()
        if len(begun) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(environment, "run_step", fetch)
    with pytest.raises(KeyboardInterrupt):
        environment.install_packages(environment.ROOT / environment.PROGRAM)
    environment.install_packages(environment.ROOT / environment.PROGRAM)

    assert [folder.parent for folder in begun] == [tmp_path, tmp_path]
    assert not [*tmp_path.iterdir()]


def test_ensurepip_installs_pip_where_its_wheel_is_not_found(monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(environment, "ENVIRONMENT", tmp_path / ".venv")
    monkeypatch.setattr(environment, "UNFINISHED", tmp_path / ".venv/unfinished")
    monkeypatch.setattr(environment, "run_step", lambda _doing, command, _with_uv: commands.append(command[1:]))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert preflight.bundled_pip() is None

    environment.build_environment()

    assert commands == [["-P", "-m", "venv", str(tmp_path / ".venv")]]


def test_the_wheel_of_pip_is_found_where_a_distribution_has_put_it(monkeypatch, tmp_path):
    wheel = tmp_path / "wheels" / "pip-25.1-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.touch()
    without_bundle = namedtuple("Spec", "origin")(str(tmp_path / "ensurepip" / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: without_bundle)
    monkeypatch.setattr("sysconfig.get_config_var", lambda _name: str(wheel.parent))

    assert preflight.bundled_pip() == wheel


def test_an_ordinary_user_gets_one_command_for_all_packages(monkeypatch):
    monkeypatch.setattr(preflight, "may_install", lambda: False)

    with pytest.raises(SetupError, match="sudo apt install python3-venv chromium libatomic1, then start again"):
        preflight.provide(["python3-venv", "chromium", "libatomic1"])
    preflight.provide([])


def test_the_browser_tests_name_what_debian_lacks(monkeypatch):
    monkeypatch.setattr(chromium, "installed", lambda: "")
    monkeypatch.setattr(chromium, "_has_libatomic", lambda: False)
    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "debian"})
    assert chromium.missing_packages() == ("chromium", "fonts-dejavu", "libatomic1")

    monkeypatch.setattr("platform.freedesktop_os_release", lambda: {"ID": "ubuntu", "ID_LIKE": "debian"})
    assert chromium.missing_packages() == ()


def test_a_long_step_prints_that_it_is_alive(monkeypatch, capsys):
    monkeypatch.setattr(steps, "PROGRESS_SECONDS", 0.1)

    done = steps.run("Fetching a thing", [SYSTEM_PYTHON, "-c", "import time; time.sleep(0.3); print('there')"])

    assert (done.returncode, done.stdout.strip()) == (0, "there")
    assert "  Fetching a thing: 0 s so far ..." in capsys.readouterr().out


def test_the_set_up_needs_nothing_but_the_standard_library():
    files = Path(preflight.__file__).parent.glob("*.py")
    imports = re.findall(
        r"^ *(?:from|import) (\w+)", "\n".join(file.read_text("utf-8") for file in files), re.MULTILINE
    )

    assert set(imports) <= {*sys.stdlib_module_names, "launcher"}
