"""The files for operators: systemd accepts the units, all are hardened alike, and every setting is in its file."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from app import setting_names, setting_texts
from app.config import Settings
from app.storage.audits import AUDITS
from tests.deploy import proxies

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in (*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")))
SERVICES = [name for name in UNITS if name.endswith(".service")]
HARDENED = (
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "CapabilityBoundingSet=",
    "SystemCallFilter=@system-service",
    "MemoryDenyWriteExecute=yes",
    "UMask=0077",
    "User=ringbuch",
)
INSTALLED = "/opt/ringbuch"
KNOWN_KEYS = frozenset(
    re.findall(
        r"\w+",
        """
        Description Wants After Type User Group WorkingDirectory StateDirectory StateDirectoryMode UMask
        Environment EnvironmentFile ExecStart KillMode TimeoutStopSec Restart RestartSec LimitNOFILE LimitCORE
        OOMPolicy ProtectSystem ReadWritePaths ProtectHome PrivateTmp PrivateDevices ProtectProc ProtectClock
        ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectControlGroups
        NoNewPrivileges CapabilityBoundingSet AmbientCapabilities RestrictSUIDSGID RestrictNamespaces
        RestrictRealtime RestrictAddressFamilies LockPersonality MemoryDenyWriteExecute RemoveIPC KeyringMode
        SystemCallArchitectures SystemCallFilter SystemCallErrorNumber WantedBy Nice IOSchedulingClass
        OnCalendar RandomizedDelaySec Persistent
        """,
    )
)


def lines_of(name: str) -> list[str]:
    return (DEPLOY / name).read_text(encoding="utf-8").splitlines()


def test_the_environment_file_has_every_setting():
    made = "\n".join(setting_texts.env_file()) + "\n"

    assert (DEPLOY / "ringbuch.env").read_text(encoding="utf-8") == made, (
        "type: flask --app wsgi ring settings --env-file > deploy/ringbuch.env"
    )
    assert all(f"\n#RINGBUCH_{name}=" in made for name in Settings.model_fields)
    assert not [line for line in made.splitlines() if line and not line.startswith("#")], "nothing is set"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardened(name):
    lines = lines_of(name)

    assert [line for line in HARDENED if line not in lines] == []


def test_services_start_what_exists():
    commands = [line.partition("=")[2].split() for name in SERVICES for line in lines_of(name) if "ExecStart=" in line]
    programs = [Path(words[0]).relative_to(INSTALLED) for words in commands]

    assert [each for each in programs if each.parts[0] != ".venv" and not (ROOT / each).stat().st_mode & 0o100] == []


def test_systemd_accepts_the_units(tmp_path):
    """Where there is no systemd, the names of their lines are compared with those that are known here."""
    program = shutil.which("systemd-analyze")
    if program is None:
        keys = {line.partition("=")[0] for name in UNITS for line in lines_of(name) if re.match(r"[A-Z]\w+=", line)}
        assert keys <= KNOWN_KEYS
        return
    units = tmp_path / "etc/systemd/system"
    units.mkdir(parents=True)
    (tmp_path / "opt/ringbuch/.venv/bin").mkdir(parents=True)
    shutil.copytree(DEPLOY, tmp_path / "opt/ringbuch/deploy")
    python = tmp_path / "opt/ringbuch/.venv/bin/python"
    python.touch(mode=0o755)
    for name in UNITS:
        shutil.copy(DEPLOY / name, units)
    names = [name.replace("@", "@oberland") for name in UNITS]
    command = [program, "verify", "--man=no", "--recursive-errors=no", f"--root={tmp_path}", *names]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_nginx_passes_the_host_with_its_port_and_lets_uploads_through():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (limit,) = re.findall(r"client_max_body_size (\d+)m;", text)

    assert int(limit) > Settings.model_fields["UPLOAD_MB"].default
    assert text.count("$http_host;") == 2
    assert "$host;" not in text
    assert text.count("{") == text.count("}")


def test_no_log_of_nginx_holds_the_secret_of_an_address():
    """Neither as the address nor, from a file of its page, as the referrer; tests/setup/test_nginx.py runs the file."""
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    (masked,) = re.findall(r'"~\*(.+)" "\$ringbuch_start\*\*\*\$ringbuch_end";', site)
    pattern = re.compile(masked.replace("?<", "?P<"), re.IGNORECASE)
    logged = [
        pattern.sub(r"\g<ringbuch_start>***\g<ringbuch_end>", f"GET {each} HTTP/1.1")
        for address in proxies.SECRET_ADDRESSES
        for each in (address, f"/login?next={quote(address, safe='')}")
    ]

    assert len(logged) == 20
    assert [line for line in logged if proxies.SECRET in line or "***" not in line] == []
    assert not pattern.search("GET /plan/wall HTTP/1.1")
    assert (site.count("access_log /"), site.count("ringbuch.log ringbuch;")) == (2, 2), "every request has a line"
    assert "$http_referer" not in site
    assert site.count("error_log /var/log/nginx/ringbuch-error.log crit;") == 2, "its lines have a form of their own"


def test_the_restore_drill_runs_every_audit_that_a_copy_can_pass():
    (audits,) = re.findall(r"for audit in (.+); do", (DEPLOY / "restore-drill").read_text(encoding="utf-8"))

    assert set(AUDITS) - set(audits.split()) == {"undelivered", "mail", "secrets"}
    assert set(audits.split()) < set(AUDITS)


def test_haproxy_ends_connections_to_a_former_primary():
    text = (DEPLOY / "haproxy.cfg").read_text(encoding="utf-8")

    assert "on-marked-down shutdown-sessions" in text
    assert "uri /healthz" in text
    assert "uri /readyz" not in text


def test_patroni_is_synchronous_and_strict():
    settings = yaml.safe_load((DEPLOY / "patroni.yml").read_text(encoding="utf-8"))
    cluster = settings["bootstrap"]["dcs"]

    assert cluster["synchronous_mode"] is True
    assert cluster["synchronous_mode_strict"] is True
    assert cluster["loop_wait"] + 2 * cluster["retry_timeout"] <= cluster["ttl"], "as Patroni demands"


def test_compose_sets_only_what_is_a_setting():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    environment = services["ring"]["environment"]

    assert setting_names.unknown_in_environment(environment, Settings.model_fields) == []
    assert set(services["ring"]["depends_on"]) == {"db"}


def test_the_image_starts_what_the_program_has():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    copied = re.findall(r"^COPY (\S+) ", text, re.MULTILINE)
    compiled = re.search(r"compileall -q (.+)$", text, re.MULTILINE)

    assert compiled is not None
    assert [each for each in (*copied, *compiled[1].split()) if not (ROOT / each).exists()] == []
    assert "\nUSER ringbuch\n" in text


def test_every_variable_that_the_program_reads_is_known():
    """A new RINGBUCH_ variable is a setting, or is listed in setting_names.OTHER_VARIABLES."""
    folders = ("app", "booking", "billing", "calendars", "launcher", "bench")
    files = [*ROOT.glob("*.py"), *(path for folder in folders for path in ROOT.glob(f"{folder}/**/*.py"))]
    named = {name for path in files for name in re.findall(r"RINGBUCH_([A-Z_]*[A-Z])\b", path.read_text("utf-8"))}

    assert named - set(Settings.model_fields) - setting_names.OTHER_VARIABLES - {"NAME"} == set()
