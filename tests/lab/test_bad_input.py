"""Bad adverts and bad clients: counted, dropped, and never more than that."""

import socket
import threading
import time

import pytest

from vipdlab import config
from vipdlab.calm import assert_steady

FAULTS = {
    "ip_ttl_error": {"ttl": 254},
    "checksum_error": {"spoil_checksum": True},
    "packet_length_error": {"trailer": b"\0" * 4},
    "version_error": {"version": 2, "interval_ms": 1000},
    "invalid_type": {"kind": 2},
    "no_addresses": {"addresses": []},
    "zero_interval": {"interval_ms": 0},
}


@pytest.mark.lab(nodes=2)
def test_each_fault_is_counted_under_its_name_and_moves_nothing(lab):
    lab.start_all([150, 100])
    for reason, fault in FAULTS.items():
        for node in lab.nodes:
            assert node.router()["drops"][reason] == 0
        lab.advert(priority=254, **fault)
        for node in lab.nodes:
            lab.wait(lambda n=node, r=reason: n.router()["drops"][r] == 1, f"{reason} is counted")
    assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"]
    detail = lab[2].vipctl("status", "web").stdout
    for reason in FAULTS:
        assert reason in detail


@pytest.mark.lab(nodes=1)
def test_truncated_and_oversized(lab):
    lab.start_all([150])
    for size in (1, 4, 7, 8, 11):
        lab.advert(priority=254, truncate=size)
    lab.advert(priority=254, addresses=["10.77.0.200"], count=255)
    lab.advert(priority=254, trailer=bytes(1400))

    def counted():
        drops = lab[1].router()["drops"]
        return sum(drops.values()) >= 6 and drops["packet_length_error"] >= 5
    lab.wait(counted, "they are counted")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("checksum, message_only, heard", [
    ("auto", False, True), ("auto", True, True), ("rfc5798", False, True),
    ("rfc5798", True, False), ("rfc9568", True, True), ("rfc9568", False, False)])
def test_forms_of_the_checksum(lab, checksum, message_only, heard):
    """strict holds the peers to the configured form; without it both are heard."""
    for node, strict in zip(lab.nodes, ("yes", "no")):
        node.start(config.instance(name="x", vrid=50 + node.index, priority=200, strict=strict,
                                   checksum=checksum))
        node.wait_state("MASTER", "x")
        lab.advert(vrid=50 + node.index, message_only=message_only)

    def counted(node):
        router = node.router(name="x")
        return router["counters"]["losing-adverts-rcvd"], router["drops"]["checksum_error"]
    lab.wait(lambda: counted(lab[1]) == ((1, 0) if heard else (0, 1)), "strict")
    lab.wait(lambda: counted(lab[2]) == (1, 0), "lenient")


@pytest.mark.lab(nodes=1)
def test_version_2_with_a_password_is_not_for_us(lab):
    lab.start_all([100], version=2, advert_interval="1s")
    lab.advert(priority=254, version=2, interval_ms=1000, auth_type=1)
    lab.wait(lambda: lab[1].router()["drops"]["auth_type_error"] == 1, "it is counted")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_our_own_packet_looped_back(lab):
    """Over IPv6: IPv4 packets from an address of its own the kernel drops by itself."""
    lab.start_all([150], addresses=f"{config.VIP6}/64")
    lab.advert(source=lab[1].link_local, priority=254, family=6)
    lab.wait(lambda: lab[1].router("ipv6")["drops"]["own_packet"] == 1, "it is counted")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_a_strangers_vrid_is_no_business_of_ours(lab):
    lab.start_all([150])
    lab.advert(vrid=99, priority=254)
    lab.never(lambda: lab[1].state() != "MASTER", "a stranger's advert moved us", 0.5)
    lab.wait(lambda: lab[1].router()["drops"]["vrid_error"] == 1, "it is counted")
    drops = lab[1].router()["drops"]
    assert sum(drops.values()) == drops["vrid_error"] == 1


@pytest.mark.lab(nodes=1)
def test_a_flood_of_strangers_is_dropped_by_the_kernel(lab):
    """The counter says how many of them vipd has read. What bears a VRID of ours still arrives,
    also when a reload has just made it ours."""
    lab.start_all([150])
    node, injector = lab[1], lab.injector()
    other = config.instance("other", vrid=99, addresses="10.77.0.209/24")
    strangers = [injector.build(vrid=vrid, priority=254, addresses=["10.77.0.209"])
                 for vrid in range(60, 160)]
    deadline = time.monotonic() + 20
    sent = 0
    while sent < 20000 and time.monotonic() < deadline:
        for frame in strangers:
            injector.send(frame)
        sent += len(strangers)
    counted = node.router()["drops"]["vrid_error"]
    assert 32 < counted < sent / 5, sent
    lab.advert(priority=254, ttl=254)
    lab.wait(lambda: node.router()["drops"]["ip_ttl_error"] == 1, "ours is counted")
    with lab.injecting(strangers[99 - 60], 0.02):
        node.write(config.instance(priority=150), other)
        assert node.reload().returncode == 0
        lab.wait(lambda: (node.instance("other")["master"] or {}).get("priority") == 254,
                 "it is heard", 20)
    assert node.state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_mismatched_interval_is_a_warning_in_version_3(lab):
    lab.start_all([150, 100])
    lab.advert(priority=120, interval_ms=1000)
    lab.wait(lambda: lab[1].router()["warnings"]["interval_mismatch"] == 1, "it is counted")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_mismatched_interval_is_dropped_in_version_2(lab):
    lab.start_all([150, 100], version=2, advert_interval="1s")
    lab.advert(priority=254, version=2, interval_ms=5000)
    lab.wait(lambda: lab[1].router()["drops"]["interval_error"] == 1, "it is counted")
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=1)
def test_a_flood_of_adverts_does_not_stop_ours(lab):
    lab.start_all([150])
    capture, injector = lab.capture(skip="client"), lab.injector()
    frames = [injector.build(priority=1), injector.build(priority=254, spoil_checksum=True),
              injector.build(priority=254, vrid=99)]
    sent = 0
    began = time.monotonic()
    while time.monotonic() < began + 3 or sent <= 1000:
        for frame in frames:
            injector.send(frame)
        sent += 1
    intervals = (time.monotonic() - began) * 1000 / config.INTERVAL_MS
    adverts = capture.adverts("n1", priority=150)
    assert capture.missed() == 0
    assert_steady(adverts, 4 * config.INTERVAL_MS / 1000)
    assert lab[1].state() == "MASTER"
    # Each losing advert deserves an answer, but not one each.
    assert len(adverts) - intervals < sent / 10


def connect(node):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(node.control)
    return client


@pytest.mark.lab(nodes=1)
def test_control_clients_that_misbehave_are_dropped_and_delay_nothing(lab):
    lab.start_all([150])
    capture = lab.capture()
    clients = []
    for text in (b"\xff\xfe not json\0", b'{"method":"io.vipd.GetStatus"', b"", b"[" * 70000):
        client = connect(lab[1])
        try:
            client.sendall(text)
        except (BrokenPipeError, ConnectionResetError):
            pass
        clients.append(client)

    def dropped(client):
        try:
            return client.recv(1) == b""
        except ConnectionResetError:
            return True
    threads = [threading.Thread(target=lambda c=c: results.append(dropped(c))) for c in clients]
    results = []
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * len(clients)
    assert lab[1].state() == "MASTER"
    assert_steady(capture.adverts("n1"), 4 * config.INTERVAL_MS / 1000)


@pytest.mark.lab(nodes=1)
def test_many_clients_that_never_read(lab):
    lab.start_all([150])
    capture = lab.capture()
    clients = [connect(lab[1]) for _ in range(40)]
    for client in clients:
        client.setblocking(False)
        try:
            for _ in range(2000):
                client.send(b'{"method":"io.vipd.GetStatus"}\0')
        except OSError:
            continue
    time.sleep(1)
    assert_steady(capture.adverts("n1"), 4 * config.INTERVAL_MS / 1000)
    for client in clients:
        client.close()
    lab.wait(lambda: lab[1].state() == "MASTER", "it answers again")
