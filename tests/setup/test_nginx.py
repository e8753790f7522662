"""The site of deploy/ runs under nginx as it stands: on a port that is not 443, with an upload of 5 MB."""

from __future__ import annotations

import re

import pytest

from tests.deploy import proxies
from tests.ports import free_ports


@pytest.mark.skipif(not proxies.program_of("nginx"), reason="no nginx here, and none among the tools of this system")
def test_the_site_for_nginx_is_right_as_it_stands(tmp_path):
    ring_port, http_port, https_port = free_ports(3)
    proxies.certificate(tmp_path)
    proxies.fill(tmp_path / "instance")

    with proxies.nginx(tmp_path, ring_port, http_port, https_port):
        with proxies.served("ring serve", tmp_path / "instance", ring_port, https_port):
            proxies.wait_for(https_port)
            asked = list(proxies.questions(tmp_path, http_port, https_port))
        asked.append(proxies.logs_without_ring(tmp_path, https_port))

    assert len(asked) == 11
    assert [row for row in asked if not re.fullmatch(row[2], row[1])] == []
