"""vipd-exporter beside real agents: what it tells, and that neither they nor clients stop it."""

import socket
import subprocess
import threading
import time

import pytest

from vipdlab import config, netns
from vipdlab.config import INTERVAL_MS
from vipdlab.exporter import EXPORTER, OPEN_METRICS, PORT, Exporter

# Of the exporter: waiting for an agent that hangs (6 s) for one request and the next.
HUNG_S = 20
# At once, of everybody.
CONNECTIONS_MAX = 128 + 2


@pytest.fixture
def export():
    """export(node, ...) starts an Exporter that ends with the test, which it must do well."""
    started = []

    def start(node, **options):
        started.append(Exporter(node, **options))
        return started[-1]

    yield start
    for exporter in started:
        exporter.close()


def promtool(text):
    return subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, timeout=60, check=False)


def counters(exporter):
    """All samples of counters."""
    return {key: value for key, value in exporter.samples().items()
            if key[0].endswith(("_total", "_bucket", "_count", "_sum"))}


@pytest.mark.lab(nodes=2)
def test_metrics_follow_a_takeover(lab, export):
    lab.start_all([150, 100])
    exporter = export(lab[2])
    assert exporter.value("vipd_up") == 1
    assert exporter.value("vipd_instance_state", instance="web", state="BACKUP", vrid="51") == 1
    assert exporter.value("vipd_addresses_held", instance="web") == 0
    assert exporter.value("vipd_failover_gap_seconds_count", instance="web") == 0
    assert exporter.code("/master/web") == 503
    lab[1].kill()
    lab.wait(lambda: exporter.code("/master/web") == 200, "it is master")
    lab.wait(lambda: exporter.value("vipd_failover_gap_seconds_count", instance="web") == 1,
             "the takeover is counted")
    # From the last advert, so three intervals and the skew, and not less.
    assert exporter.value("vipd_failover_gap_seconds_sum", instance="web") > 3 * INTERVAL_MS / 1000
    assert exporter.value("vipd_transitions_total", instance="web", reason="no-response") == 1
    assert exporter.value("vipd_instance_state", instance="web", state="MASTER") == 1
    assert exporter.value("vipd_addresses_held", instance="web") == 1


@pytest.mark.lab(nodes=1)
def test_both_formats_are_what_their_parsers_want(lab, export):
    lab[1].start(config.instance(priority=150, track="up", on_master="/bin/false"),
                 config.check("up", "link", interface="eth0", interval=None))
    lab.wait_master(lab[1])
    exporter = export(lab[1])
    lab.wait(lambda: exporter.value("vipd_hook_failures_total", hook="on-master") == 1,
             "the hook has failed")
    assert exporter.value("vipd_check_up", check="up", instance="web") == 1
    status, headers, body = exporter.ask("/metrics")
    assert status == 200 and headers["content-type"].startswith("text/plain; version=0.0.4")
    done = promtool(body)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    status, headers, body = exporter.ask("/metrics", Accept=OPEN_METRICS)
    assert status == 200 and headers["content-type"].startswith("application/openmetrics-text")
    assert body.endswith("# EOF\n")


@pytest.mark.lab(nodes=1)
def test_a_reload_that_starts_it_anew_goes_on_counting(lab, export):
    node = lab[1]
    node.start(config.instance(priority=150, on_change="/bin/true"))
    lab.wait_master(node)
    exporter = export(node)
    lab.wait(lambda: exporter.value("vipd_adverts_sent_total", instance="web") > 5, "it adverts")
    before = counters(exporter)
    node.write(config.instance(priority=150, vrid=52, on_change="/bin/true"))
    assert node.reload().returncode == 0
    lab.wait(lambda: exporter.value("vipd_instance_state", vrid="52", state="MASTER") == 1,
             "the new one is MASTER")
    after = counters(exporter)
    fallen = {key: (value, after.get(key)) for key, value in before.items()
              if after.get(key, -1) < value}
    assert fallen == {}
    assert exporter.value("vipd_transitions_total", instance="web", reason="started") == 2


@pytest.mark.lab(nodes=1)
def test_a_drained_instance_and_what_to_type(lab, export):
    node = lab[1]
    node.start(config.instance(priority=150))
    lab.wait_master(node)
    exporter = export(node)
    assert "All is well" in exporter.ask("/")[2]
    assert node.vipctl("drain", "--force", "web").returncode == 0
    lab.wait(lambda: exporter.value("vipd_drained", instance="web") == 1, "it is drained")
    since = exporter.value("vipd_drained_since_timestamp_seconds", instance="web")
    assert abs(time.time() - since) < 60
    assert "next: <code>vipctl resume web</code>" in exporter.ask("/")[2]
    assert "next: vipctl resume web" in node.vipctl("status").stdout


@pytest.mark.lab(nodes=1)
def test_down_is_told_and_up_again(lab, export):
    node = lab[1]
    exporter = export(node)
    assert exporter.value("vipd_up") == 0
    assert exporter.code("/healthz") == exporter.code("/master/web") == exporter.code("/") == 503
    assert "vipd is down" in exporter.ask("/")[2]
    node.start(config.instance())
    lab.wait(lambda: exporter.code("/healthz") == 200, "vipd answers", timeout=20)
    assert exporter.value("vipd_up") == 1
    assert exporter.code("/master/nobody") == 404 and exporter.code("/nothing") == 404
    assert exporter.ask("/metrics", method="HEAD")[::2] == (200, "")
    assert exporter.ask("/metrics", method="DELETE")[0] == 405
    # A vipd that hangs is down, too; nobody waits for it for long, however many ask.
    node.freeze()
    try:
        lab.wait(lambda: exporter.code("/healthz") == 503, "it hangs", timeout=HUNG_S)
        began = time.monotonic()
        codes = [exporter.code("/healthz") for _ in range(5)]
        assert codes == [503] * 5
        assert time.monotonic() - began < 2 * HUNG_S
        assert exporter.value("vipd_up") == 0
    finally:
        node.thaw()
    lab.wait(lambda: exporter.code("/healthz") == 200, "it goes on", timeout=20)


def hostile(exporter, source, first, count):
    """`count` connections from that address of the loopback, each with those first octets."""
    def make():
        clients = []
        for _ in range(count):
            client = socket.socket()
            client.settimeout(20)
            client.bind((source, 0))
            client.connect(("127.0.0.1", PORT))
            clients.append(client)
            try:
                client.sendall(first)
            except OSError:
                pass  # already closed: one too many
        return clients
    return netns.inside(exporter.namespace, make)


def is_closed(client):
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@pytest.mark.lab(nodes=1)
@pytest.mark.limit(120)
def test_hostile_clients_are_bounded(lab, export):
    node = lab[1]
    node.start(config.instance(priority=150))
    lab.wait_master(node)
    exporter = export(node)
    assert exporter.code("/metrics") == 200
    before, idle = exporter.resident_kib(), exporter.descriptors()
    clients = [*hostile(exporter, "127.0.0.2", b"", 1000),
               *hostile(exporter, "127.0.0.3", b"GET /metr", 40),
               *hostile(exporter, "127.0.0.4", b"GET / HTTP/1.1\r\nX: " + b"y" * 100000, 40)]
    drip = hostile(exporter, "127.0.0.5", b"GET / HTTP/1.1\r\n", 1)[0]
    stop = threading.Event()

    def trickle():
        while not stop.wait(0.5):
            try:
                drip.send(b"X: y\r\n")
            except OSError:
                return
    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        # Somebody else is served all the while.
        for _ in range(5):
            assert exporter.code("/metrics") == 200
        assert exporter.resident_kib() - before < 8192
        # Of most connections the kernel has dropped the last word, so it is the server that is asked.
        assert exporter.descriptors() < idle + CONNECTIONS_MAX
        lab.wait(lambda: exporter.descriptors() <= idle + 1, "all but the slow one are sent away",
                 timeout=60, interval=0.5)
        # One that never stops talking and never ends is sent away as well.
        lab.wait(lambda: is_closed(drip), "the slow one is sent away", timeout=60, interval=0.5)
    finally:
        stop.set()
        thread.join()
        for client in [*clients, drip]:
            client.close()
    assert exporter.code("/healthz") == 200


@pytest.mark.lab(nodes=1)
def test_a_unix_socket_and_one_left_by_a_dead_exporter(lab, export):
    node = lab[1]
    node.start(config.instance())
    path = f"{node.directory}/http"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    export(node, listen=f"unix:{path}")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(path)
        client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert client.recv(4096).split()[1] == b"200"
    done = netns.run(EXPORTER, "--listen", f"unix:{path}", check=False)
    assert done.returncode == 1 and "Address already in use" in done.stderr
    for where in ("9560", "::1:9560", "unix:relative", "localhost:x"):
        assert netns.run(EXPORTER, "--listen", where, check=False).returncode == 1
