"""examples/nginx-pair: two nginx with TLS, one address."""

import subprocess

import pytest

from stacklab import certificate, measure
from stacklab.nginx import Nginx

NAME, VIP = "www.example.com", "192.0.2.10"
CERTS = "/etc/nginx/certs"


class Site:
    """The example's hosts and servers, all running, web1 the master."""

    def __init__(self, stack, directory):
        self.web1 = stack.host("web1", "192.0.2.11/24")
        self.web2 = stack.host("web2", "192.0.2.12/24")
        self.client = stack.host("client", "192.0.2.100/24")
        self.crt, self.key = certificate.make(directory, NAME)
        subprocess.run(["openssl", "rand", "-out", f"{directory}/tickets.key", "80"], check=True)
        with open(f"{directory}/tickets.key", "rb") as file:
            self.tickets = file.read()
        self.client.put("/etc/ssl/www.crt", self.crt)
        self.nginx = {}
        for web in (self.web1, self.web2):
            self.start(web)
        stack.wait_master(self.web1, "www")
        self.load = stack.load(self.client, f"https://{NAME}/", addresses=[VIP],
                               ca="/etc/ssl/www.crt").wait_served()

    def start(self, web):
        """What starts with the machine."""
        web.put(f"{CERTS}/{NAME}.crt", self.crt)
        web.put(f"{CERTS}/{NAME}.key", self.key, mode=0o600)
        with open(web.path(f"{CERTS}/tickets.key"), "wb") as file:
            file.write(self.tickets)
        web.vip_on_lo()
        self.start_nginx(web)
        web.start()

    def start_nginx(self, web):
        self.nginx[web.name] = Nginx(web, port=443).start()

    def switch(self, what, act, to):
        return measure.switch(self.load, what, act, to, "www")


@pytest.fixture
def stack(make_stack):
    return make_stack("nginx-pair")


@pytest.fixture
def site(stack, tmp_path):
    return Site(stack, tmp_path)


def test_one_serves_whatever_dies(site):
    web1, web2 = site.web1, site.web2
    for what, act, to in (("drain", lambda: web1.run("vipctl", "drain", "www"), web2),
                          ("resume", lambda: web1.run("vipctl", "resume", "www"), web1)):
        result = site.switch(what, act, to)
        measure.assert_planned(result)
        assert result.servers[to.name], str(result)
    result = site.switch("nginx killed", site.nginx["web1"].kill, web2)
    assert result.longest_gap_s < 10, str(result)
    result = site.switch("nginx back", lambda: site.start_nginx(web1), web1)
    measure.assert_planned(result)
    result = site.switch("node dead", web1.die, web2)
    assert result.longest_gap_s < 10, str(result)
    result = site.switch("node back", lambda: (web1.reboot(), site.start(web1)), web1)
    measure.assert_planned(result)


def tls(site, *arguments):
    return site.client.run("openssl", "s_client", "-connect", f"{VIP}:443", "-servername", NAME,
                           "-tls1_2", *arguments, text_in="", check=False).stdout


def test_a_tls_session_goes_on_at_the_other_node(site):
    assert "\nNew, " in tls(site, "-sess_out", "/tmp/session")
    site.switch("drain", lambda: site.web1.run("vipctl", "drain", "www"), site.web2)
    assert "\nReused, " in tls(site, "-sess_in", "/tmp/session")
    mark = site.load.mark()
    site.nginx["web2"].reload()
    site.load.wait_served()
    measure.assert_planned(site.load.since(mark))
    done = site.client.run("curl", "-sSI", f"http://{VIP}/").stdout
    assert done.startswith("HTTP/1.1 301") and "Location: https://" in done
