"""vipd and Debian's keepalived as one cluster, in both roles."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6

CASES = [
    pytest.param(4, 3, 0.1, id="v3-ipv4"),
    pytest.param(6, 3, 0.1, id="v3-ipv6"),
    pytest.param(4, 2, 1, id="v2-ipv4"),
]


def start_vipd(node, family, version, interval_s, priority, **keys):
    addresses = f"{VIP4}/24" if family == 4 else ["fe80::77:200/64", f"{VIP6}/64"]
    node.start(config.instance(priority=priority, version=version, addresses=addresses,
                               advert_interval=f"{int(interval_s * 1000)}ms", **keys))


def start_keepalived(peer, family, version, interval_s, priority, **more):
    peer.start(config.keepalived(family=family, version=version, interval_s=interval_s,
                                 priority=priority, **more))


def vip_of(family):
    return VIP4 if family == 4 else VIP6


def drops(node, family):
    return sum(node.router(f"ipv{family}")["drops"].values())


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family, version, interval_s", CASES)
def test_vipd_is_master_and_hands_over_to_keepalived(lab, family, version, interval_s):
    vip = vip_of(family)
    start_vipd(lab[1], family, version, interval_s, 150)
    start_keepalived(lab[2], family, version, interval_s, 100)
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[2].holds(vip), "keepalived does not follow our adverts",
              5 * interval_s)
    probe = lab.probe(vip)
    lab[1].stop()
    lab.wait(lambda: lab[2].holds(vip), "keepalived took over")
    result = probe.stop()
    assert result.answered_by == ["n1", "n2"], str(result)


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("family, version, interval_s", CASES)
def test_vipd_follows_keepalived_takes_over_and_gives_back(lab, family, version, interval_s):
    vip = vip_of(family)
    start_keepalived(lab[2], family, version, interval_s, 150)
    lab.wait(lambda: lab[2].holds(vip), "keepalived is MASTER")
    start_vipd(lab[1], family, version, interval_s, 100)
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 150, "vipd follows")
    lab.never(lambda: lab[1].state() == "MASTER", "vipd does not stay BACKUP", 5 * interval_s)
    assert drops(lab[1], family) == 0
    assert sum(lab[1].router(f"ipv{family}")["warnings"].values()) == 0
    lab[2].kill()
    lab[1].wait_state("MASTER")
    # Its child may get to resign before it is killed as well.
    assert lab[1].instance()["last_transition"]["reason"] in ("no-response", "priority")
    start_keepalived(lab[2], family, version, interval_s, 150)
    lab[1].wait_state("BACKUP")
    lab.wait(lambda: lab[2].holds(vip) and not lab[1].holds(vip), "one holder")


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_that_resigns_is_succeeded_at_once(lab):
    start_keepalived(lab[2], 4, 3, 1, 150)
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, 3, 1, 100)
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 150, "vipd follows")
    lab[2].stop()
    lab[1].wait_state("MASTER")
    assert lab[1].instance()["last_transition"]["reason"] == "priority"


@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("checksum", ["auto", "rfc5798"])
def test_keepalived_takes_our_checksum(lab, checksum):
    """Its default drops the message-only form, so two masters would show a wrong choice."""
    start_vipd(lab[1], 4, 3, 0.1, 150, checksum=checksum)
    start_keepalived(lab[2], 4, 3, 0.1, 100)
    lab[1].wait_state("MASTER")
    lab.never(lambda: lab[2].holds(VIP4), "keepalived drops our adverts", 1.5)


@pytest.mark.lab(nodes=1, keepalived=1)
def test_keepalived_with_the_message_only_checksum_is_heard(lab):
    start_keepalived(lab[2], 4, 3, 0.1, 150, extra="v3_checksum_as_v2")
    if "Unknown keyword" in lab[2].log_text():
        pytest.skip("this keepalived has no v3_checksum_as_v2")
    lab.wait(lambda: lab[2].holds(VIP4), "keepalived is MASTER")
    start_vipd(lab[1], 4, 3, 0.1, 100)
    lab.wait(lambda: (lab[1].instance()["master"] or {}).get("priority") == 150, "vipd follows")
    assert drops(lab[1], 4) == 0
