"""A dead proxy and files of pip that lead elsewhere are named before anything is downloaded."""

from __future__ import annotations

import os
import shutil
import socket
from contextlib import closing

import pytest

from launcher import pip_settings, proxies
from launcher.steps import NOTHING_FETCHED, SetupError


def test_a_dead_proxy_is_named_first_where_the_packages_would_come_through_it(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_")) or "proxy" in name.lower()]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(pip_settings, "FILES", ())
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("PIP_CERT", "/a/certificate")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(SetupError, match="of the variable HTTPS_PROXY does not answer"):
        proxies.require_proxy_of_index()

    for elsewhere in ({"NO_PROXY": "pypi.org"}, {"PIP_INDEX_URL": "file:///mirror"}, {"UV_DEFAULT_INDEX": "https://m"}):
        with monkeypatch.context() as other:
            for name, value in elsewhere.items():
                other.setenv(name, value)
            proxies.require_proxy_of_index()
    monkeypatch.delenv("HTTPS_PROXY")
    file = tmp_path / "pip.conf"
    monkeypatch.setattr(pip_settings, "FILES", (str(tmp_path / "none"), str(file)))
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    file.write_text("[global]\nuser = true\nproxy = http://anna:secret@127.0.0.1:9\n")
    with pytest.raises(SetupError, match=rf"the proxy 127.0.0.1 in {file} does not answer .* Correct it there"):
        proxies.require_proxy_of_index()
    file.write_text(file.read_text() + "[install]\nextra-index-url = https://mirror.example\n")
    proxies.require_proxy_of_index()
    pip_settings.require_own_environment()


def test_a_file_of_pip_that_has_it_install_elsewhere_is_named(monkeypatch, tmp_path):
    file = tmp_path / "pip.conf"
    monkeypatch.setattr(pip_settings, "FILES", (str(file),))
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    file.write_text("no section = at all\n")
    pip_settings.require_own_environment()
    file.write_text("[install]\ntarget = /srv/all\n")

    with pytest.raises(SetupError, match=rf"{file} tells pip to install elsewhere, .* \(target = /srv/all\)"):
        pip_settings.require_own_environment()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    pip_settings.require_own_environment()


@pytest.mark.parametrize("variable", proxies.PROXY_VARIABLES)
@pytest.mark.parametrize("value", ["http://anna:secret@127.0.0.1:9", "127.0.0.1:9", "http://127.0.0.1:none"])
def test_a_proxy_that_does_not_answer_is_named_with_its_variable(monkeypatch, variable, value):
    for other in proxies.PROXY_VARIABLES:
        monkeypatch.delenv(other, raising=False)
    proxies.require_living_proxy()
    monkeypatch.setenv(variable, value)

    with pytest.raises(SetupError, match=f"the proxy 127.0.0.1 of the variable {variable} does not answer") as refusal:
        proxies.require_living_proxy()
    assert "secret" not in str(refusal.value)


def test_a_proxy_that_answers_is_named_and_not_blamed(monkeypatch):
    with closing(socket.create_server(("127.0.0.1", 0))) as proxy:
        monkeypatch.setenv("PIP_PROXY", f"http://anna:secret@127.0.0.1:{proxy.getsockname()[1]}")
        proxies.require_living_proxy()
        told = str(proxies.nothing_fetched())
        monkeypatch.delenv("PIP_PROXY")
    assert "does not answer through the proxy 127.0.0.1 of the variable PIP_PROXY. Correct" in told
    for other in proxies.PROXY_VARIABLES:
        monkeypatch.delenv(other, raising=False)
    assert str(proxies.nothing_fetched()) == NOTHING_FETCHED


def test_a_user_without_a_home_and_a_name_can_set_up(monkeypatch):
    """As in a container that runs under a number alone: there is no entry to look a home folder up in."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", lambda _number: {}["no such user"])

    proxies.require_proxy_of_index()
