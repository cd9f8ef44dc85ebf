"""examples/haproxy-pair: two HAProxy in front of two nginx stay up, whatever dies."""

import collections

import pytest

from stacklab import certificate, measure
from stacklab.haproxy import Haproxy
from stacklab.nginx import Nginx

NAME, VIP = "www.example.com", "192.0.2.10"
PEM = f"/etc/haproxy/certs/{NAME}.pem"


class Site:
    """The example's hosts and servers, all running, lb1 the master."""

    def __init__(self, stack, directory):
        self.stack = stack
        self.lb1 = stack.host("lb1", "192.0.2.2/24")
        self.lb2 = stack.host("lb2", "192.0.2.3/24")
        self.web1 = stack.host("web1", "192.0.2.11/24")
        self.web2 = stack.host("web2", "192.0.2.12/24")
        self.client = stack.host("client", "192.0.2.100/24")
        self.crt, self.key = certificate.make(directory, NAME)
        self.client.put("/etc/ssl/www.crt", self.crt)
        self.nginx = {web.name: Nginx(web).start() for web in (self.web1, self.web2)}
        self.haproxy = {}
        for lb in (self.lb1, self.lb2):
            self.start(lb)
        stack.wait_master(self.lb1)

    def start(self, lb):
        """What starts with the machine."""
        lb.put(PEM, self.crt + self.key, mode=0o600)
        self.start_haproxy(lb)
        lb.start()

    def start_haproxy(self, lb):
        self.haproxy[lb.name] = Haproxy(lb, port=443).start()

    def load(self):
        return self.stack.load(self.client, f"https://{NAME}/", addresses=[VIP],
                               ca="/etc/ssl/www.crt").wait_served()

    def visit(self, session=None):
        """One request: (who served it, the session)."""
        cookie = ["--cookie", f"SESSION={session}"] if session else []
        head = self.client.run(
            "curl", "-sS", "--max-time", "20", "--cacert", "/etc/ssl/www.crt", "--resolve",
            f"{NAME}:443:{VIP}", "-o", "/dev/null", "-D", "-", *cookie, f"https://{NAME}/").stdout
        fields = dict(line.lower().split(": ", 1) for line in head.splitlines() if ": " in line)
        given = fields.get("set-cookie", "").removeprefix("session=").split(";")[0]
        return fields["x-served-by"], given or session


@pytest.fixture
def stack(make_stack):
    return make_stack("haproxy-pair")


@pytest.fixture
def site(stack, tmp_path):
    return Site(stack, tmp_path)


def test_planned_hand_over_fails_no_request(site):
    load = site.load()
    lb1, lb2 = site.lb1, site.lb2
    for what, act, to in (("drain", lambda: lb1.run("vipctl", "drain", "web"), lb2),
                          ("resume", lambda: lb1.run("vipctl", "resume", "web"), lb1),
                          ("vipd stopped", lb1.stop, lb2)):
        result = measure.switch(load, what, act, to)
        assert not result.failed and result.longest_gap_s < 5, str(result)


def test_a_request_on_its_way_is_answered_when_the_address_has_gone(site):
    for nginx in site.nginx.values():
        nginx.freeze()
    asking = site.client.popen(
        "curl", "-sS", "--max-time", "50", "--http1.1", "--cacert", "/etc/ssl/www.crt",
        "--resolve", f"{NAME}:443:{VIP}", f"https://{NAME}/", stdout=-1, text=True)
    site.stack.wait(lambda: "fe=www" in site.haproxy["lb1"].ask("show sess"),
                    "lb1 has the request")
    site.lb1.run("vipctl", "drain", "web")
    site.lb2.wait_state("MASTER")
    site.stack.wait(lambda: not site.lb1.holds(VIP), "lb1 has given the address up")
    for nginx in site.nginx.values():
        nginx.thaw()
    answer, _ = asking.communicate(timeout=60)
    assert asking.returncode == 0 and "served you" in answer, answer


def test_faults_are_survived(site):
    load = site.load()
    lb1, lb2 = site.lb1, site.lb2
    result = measure.switch(load, "haproxy killed", site.haproxy["lb1"].kill, lb2)
    assert result.longest_gap_s < 10, str(result)
    assert "haproxy" in lb1.vipctl("status", "web").stdout
    result = measure.switch(load, "haproxy back", lambda: site.start_haproxy(lb1), lb1)
    measure.assert_planned(result)
    result = measure.switch(load, "haproxy hangs", site.haproxy["lb1"].freeze, lb2)
    assert result.longest_gap_s < 15, str(result)
    result = measure.switch(load, "haproxy goes on", site.haproxy["lb1"].thaw, lb1)
    measure.assert_planned(result)
    result = measure.switch(load, "node dead", lb1.die, lb2)
    assert result.longest_gap_s < 10, str(result)
    result = measure.switch(load, "node back", lambda: (lb1.reboot(), site.start(lb1)), lb1)
    measure.assert_planned(result)


def test_a_dead_nginx_costs_nothing_and_two_leave_the_address_where_it_is(site):
    load = site.load()
    mark = load.mark()
    site.nginx["web1"].kill()
    site.stack.wait(lambda: "DOWN" in site.haproxy["lb1"].ask("show stat").split("web1,")[1]
                    .splitlines()[0], "HAProxy has noticed")
    result = measure.since(load, mark, "one nginx killed")
    assert len(result.failed) <= 2 and result.servers["web2"], str(result)
    site.nginx["web2"].kill()
    site.stack.wait(lambda: site.lb1.instance()["effective_priority"] == 90
                    and site.lb2.instance()["effective_priority"] == 40, "both have noticed")
    # Which of the two has noticed first is by chance: for a moment the other one looked better.
    site.lb1.wait_state("MASTER")
    site.stack.never(lambda: site.lb1.state() != "MASTER", "the address moved", 1)
    for nginx in site.nginx.values():
        nginx.start()
    load.wait_served()


def test_sessions_and_weights(site):
    given = [site.visit() for _ in range(12)]
    servers = collections.Counter(server for server, _ in given)
    assert 7 <= servers["web1"] <= 9 and servers.total() == 12, "eight of twelve by the weights"
    site.stack.wait(lambda: site.haproxy["lb2"].ask("show table nginx").count("use=") >= 12,
                    "lb2 has been told of the sessions")
    site.lb1.die()
    site.lb2.wait_state("MASTER")
    assert [site.visit(session) for _, session in given] == given
    site.lb1.reboot()
    site.start(site.lb1)
    site.lb1.wait_state("MASTER")
    assert [site.visit(session) for _, session in given] == given, "lb1 was taught them again"
    done = site.client.run("curl", "-sSI", f"http://{VIP}/").stdout
    assert done.startswith("HTTP/1.1 301") and "location: https://" in done.lower()
