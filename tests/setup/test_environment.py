"""The private environment: what goes wrong while it is built is one clear sentence, and the next start mends it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time

import pytest

from tests.setup.starting import SYSTEM_PYTHON, assert_one_sentence, locked, plain_environment, without_uv

NOWHERE = "http://127.0.0.1:9/"
NO_INDEX = {
    "PIP_INDEX_URL": NOWHERE,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_FIND_LINKS": "",
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_NO_CACHE_DIR": "1",
    "UV_DEFAULT_INDEX": NOWHERE,
    "UV_INDEX_URL": NOWHERE,
    "UV_EXTRA_INDEX_URL": "",
    "UV_NO_CONFIG": "1",
    "UV_HTTP_RETRIES": "0",
}


def test_a_second_start_in_the_same_folder_waits_for_the_first(small_copy, set_up):
    """The first holds the lock until its packages are there; the second finds them."""
    first = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", "from launcher import environment as e; e.set_up(e.PROGRAM)"],
        cwd=small_copy,
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
    )
    while not (small_copy / ".venv").exists() and first.poll() is None:
        time.sleep(0.01)
    second = set_up()

    assert first.wait() == 0
    assert second.returncode == 0
    assert second.stdout == "Another start is setting up this folder; waiting for it ...\n"
    assert installed(small_copy)


def test_an_environment_of_another_user_is_named(small_prepared, set_up):
    (small_prepared / ".venv/unfinished").touch()
    other = "import os\nos.geteuid = lambda: 4711\n"

    refused = set_up(other)

    assert refused.returncode == 1
    assert_one_sentence(refused.stderr, f"{small_prepared / '.venv'} was made by the user {small_prepared.owner()}")
    (small_prepared / ".venv/unfinished").unlink()
    assert set_up(other).returncode == 0  # what is complete works for all


@pytest.mark.parametrize("path", [None, without_uv()] if shutil.which("uv") else [None])
def test_a_missing_network_is_reported_and_the_next_start_repairs(small_copy, set_up, path, tmp_path):
    alone = NO_INDEX | {"UV_CACHE_DIR": str(tmp_path / "cache")} | ({"PATH": path} if path else {})

    refused = set_up(**alone)
    mended = set_up(**variables_of_another_folder(tmp_path), **({"PATH": path} if path else {}))

    assert refused.returncode == 1, refused.stdout
    assert_one_sentence(refused.stderr, "The packages cannot be fetched")
    assert mended.returncode == 0, mended.stderr
    assert installed(small_copy)
    assert not (tmp_path / "other").exists()


def variables_of_another_folder(folder) -> dict[str, str]:
    """Variables by which pip would install elsewhere, something else, from the source, or nothing."""
    other = {f"PIP_{name}": str(folder / "other") for name in ("TARGET", "PREFIX", "ROOT", "PYTHON", "REQUIREMENT")}
    return {**other, "PIP_DRY_RUN": "1", "PIP_NO_BINARY": ":all:", "PIP_USER": "1", "PIP_LOG": other["PIP_TARGET"]}


def test_a_proxy_that_does_not_answer_is_named(small_prepared, set_up):
    add_package(small_prepared, "blinker")

    refused = set_up(**NO_INDEX, PATH=without_uv(), HTTPS_PROXY="http://user:secret@127.0.0.1:9")

    assert refused.returncode == 1
    assert_one_sentence(refused.stderr, "the proxy 127.0.0.1 of the variable HTTPS_PROXY does not answer")
    assert "secret" not in refused.stderr


@pytest.mark.parametrize(
    ("harm", "part"),
    [
        ("proxies.require_living_proxy = lambda: refuse('the proxy')", "the proxy"),
        ("sys.maxsize = 2**31 - 1", "This Python has 32 bits"),
        ("preflight.tempfile.TemporaryFile = lambda dir: refuse('is read-only')", "is read-only"),
    ],
)
def test_what_would_stop_the_set_up_is_told_before_anything_is_fetched(small_copy, harm, part):
    nothing_set = {name: "" for name in plain_environment() if name.startswith(("PIP_", "UV_"))}
    played = f"""
import sys
from launcher import environment as e, pip_settings, preflight, proxies, steps
def refuse(words): raise steps.SetupError(words)
pip_settings.FILES = ()
preflight.provide = lambda packages: sys.exit("fetched")
e.run_step = lambda *words: sys.exit("fetched")
{harm}
try:
    e.require_writable_folder(e.PROGRAM)
    e.set_up(e.PROGRAM)
except steps.SetupError as error:
    sys.exit(str(error))
"""
    told = subprocess.run(
        [SYSTEM_PYTHON, "-c", played],
        cwd=small_copy,
        env=plain_environment() | nothing_set,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 1
    assert_one_sentence(told.stderr, part)
    assert not (small_copy / ".venv").exists()


def test_a_package_with_another_hash_is_not_installed(small_prepared, set_up, set_up_quickly):
    lock = small_prepared / "requirements.txt"
    good = lock.read_text()
    added = add_package(small_prepared, "blinker")
    lock.write_text(good + added.split("--hash")[0] + "--hash=sha256:" + "0" * 64 + "\n")

    refused = set_up()
    lock.write_text(good)

    assert refused.returncode == 1
    assert_one_sentence(refused.stderr, "differs from the one this version was made with")
    assert not list((small_prepared / ".venv").rglob("blinker"))
    assert set_up_quickly().returncode == 0


def test_a_python_without_venv_gets_the_command_to_install_it(set_up, tmp_path):
    debian = tmp_path / "debian" / "venv"
    debian.mkdir(parents=True)
    (debian / "__init__.py").touch()
    (debian / "__main__.py").write_text("raise SystemExit('... because ensurepip is not available ...')")

    told = set_up(PATH=without_uv(), PYTHONPATH=str(debian.parent))

    assert told.returncode == 1
    assert_one_sentence(told.stderr, "Type: sudo apt update && sudo apt install python3-venv, then start again.")


def test_a_bare_debian_is_completed_where_we_may(set_up, tmp_path):
    """apt-get is played: it only notes what it was asked for."""
    asked = tmp_path / "asked"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$@" >> {asked}\n')
    apt.chmod(0o755)
    bare = "import importlib.util, os\nimportlib.util.find_spec = lambda name: None\n"
    no_more = "from launcher import environment\nenvironment.build_environment = lambda: exit(3)\n"

    refused = set_up(bare + "os.geteuid = lambda: 4711\n", PATH=f"{tmp_path}:{without_uv()}")
    completed = set_up(bare + no_more + "os.geteuid = lambda: 0\n", PATH=f"{tmp_path}:{without_uv()}")

    assert completed.returncode == 3, "the environment is built next"
    install = "install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 python3-venv"
    assert asked.read_text().splitlines() == ["update", install]
    assert_one_sentence(refused.stderr, "Type: sudo apt update && sudo apt install python3-venv, then start again.")


def add_package(copy, name) -> str:
    """Add a package to the lock file of a small copy; its lines."""
    added = locked(name)
    with (copy / "requirements.txt").open("a", encoding="utf-8") as lock:
        lock.write(added)
    return added


def installed(copy) -> bool:
    return subprocess.run([copy / ".venv/bin/python", "-c", "import itsdangerous"], check=False).returncode == 0


def written(folder):
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


def test_nothing_is_done_twice(small_prepared, set_up):
    before = written(small_prepared / ".venv")
    assert set_up().stdout == ""
    assert written(small_prepared / ".venv") == before


def test_pip_is_installed_without_setuptools(small_prepared):
    told = subprocess.run([small_prepared / ".venv/bin/python", "-m", "pip", "list"], check=True, capture_output=True)

    assert {line.split()[0] for line in told.stdout.decode().splitlines()[2:]} == {"itsdangerous", "pip"}


def lost_stamp(copy):
    (copy / ".venv/requirements.stamp").unlink()


def spoilt_stamp(copy):
    (copy / ".venv/requirements.stamp").write_text('{"lock": ')


def unfinished(copy):
    shutil.rmtree(next((copy / ".venv/lib").glob("python*/site-packages/itsdangerous")))
    (copy / ".venv/unfinished").touch()


def lost_package(copy):
    shutil.rmtree(next((copy / ".venv/lib").glob("python*/site-packages/itsdangerous")))


def lost_python(copy):
    (copy / ".venv/bin/python").unlink()


def moved_python(copy):
    (copy / ".venv/bin/python").unlink()
    (copy / ".venv/bin/python").symlink_to("/usr/bin/python-that-was-removed")


def of_another_version(copy):
    """As after an upgrade of the system, whose Python the environment's is a link to."""
    library = next((copy / ".venv/lib").glob("python*"))
    library.rename(library.with_name("python3.2"))


def half_a_folder(copy):
    shutil.rmtree(copy / ".venv")
    (copy / ".venv/lib").mkdir(parents=True)


def a_file_instead(copy):
    shutil.rmtree(copy / ".venv")
    (copy / ".venv").touch()


@pytest.mark.parametrize(
    "harm",
    [
        lost_stamp,
        spoilt_stamp,
        unfinished,
        lost_package,
        lost_python,
        moved_python,
        of_another_version,
        half_a_folder,
        a_file_instead,
    ],
)
def test_a_damaged_environment_is_mended_by_the_next_start(small_prepared, set_up, set_up_quickly, harm):
    harm(small_prepared)

    mended = set_up_quickly()

    assert mended.returncode == 0, mended.stderr
    assert installed(small_prepared)
    assert set_up().stdout == ""


@pytest.mark.parametrize("seconds", [0.05, 0.15, 0.3, 0.6])
def test_a_set_up_that_is_killed_is_finished_by_the_next_start(small_copy, set_up_quickly, seconds):
    first = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", "from launcher import environment as e; e.set_up(e.PROGRAM)"],
        cwd=small_copy,
        env=plain_environment(),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(seconds)
    first.send_signal(signal.SIGKILL)
    first.wait()

    assert set_up_quickly().returncode == 0
    assert installed(small_copy)


def test_a_step_that_outlives_a_start_that_was_killed_is_waited_for(small_copy, set_up_quickly):
    step = ["sh", "-c", "touch begun; until [ -e seen ]; do sleep 0.05; done; touch ended"]
    locked_step = f"""
from launcher import environment, steps
with environment.only_start_in_folder(): steps.run("Stepping", {step})
"""
    first = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", locked_step], cwd=small_copy, env=plain_environment(), start_new_session=True
    )
    while not (small_copy / "begun").exists():
        time.sleep(0.01)
    first.kill()
    first.wait()
    is_waiting = """
_is_locked = environment._is_locked
def waiting(file, *, wait):
    if wait: open("seen", "w").close()
    return _is_locked(file, wait=wait)
environment._is_locked = waiting
"""

    second = set_up_quickly(is_waiting)

    assert "Another start is setting up this folder; waiting for it" in second.stdout
    assert (small_copy / "ended").exists()
    assert installed(small_copy)


def test_new_requirements_are_installed_at_the_next_start(small_prepared, set_up):
    lock = small_prepared / "requirements.txt"
    lock.write_text(lock.read_text() + "\n# another day\n")

    assert "Setting up" in set_up().stdout
    assert set_up().stdout == ""
