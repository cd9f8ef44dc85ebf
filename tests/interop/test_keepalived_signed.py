"""Signed adverts (auth_hmac) beside keepalived, which has them from 2.4 on: VIPD_KEEPALIVED names one
where Debian's is older."""

import signal

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6
from vipdlab.node import keepalived_version

KEYS = {1: "11" * 32, 2: "22" * 32}
CASES = [
    pytest.param((4, 3, 0.1), id="v3-ipv4"),
    pytest.param((6, 3, 0.1), id="v3-ipv6"),
    pytest.param((4, 2, 1), id="v2-ipv4"),
]


VERSION = keepalived_version()
pytestmark = pytest.mark.skipif(VERSION < (2, 4), reason=f"keepalived {VERSION} signs nothing")


@pytest.fixture
def keys(tmp_path):
    for number, key in KEYS.items():
        (tmp_path / f"{number}.key").write_text(key + "\n")
    return tmp_path


def vipd_keys(keys, *numbers, **more):
    """The first of them signs."""
    listed = ", ".join(f"{n}:{keys}/{n}.key" for n in numbers)
    return {"auth_key": listed, **more}


def keepalived_keys(*numbers, mode="enforce", replay="time"):
    """The first of them signs."""
    lines = "\n".join(f"        key {n} hex:{KEYS[n]}" for n in numbers)
    return (f"auth_hmac {{\n{lines}\n        active_key {numbers[0]}\n        mode {mode}\n"
            f"        anti_replay {replay}\n    }}")


class Pair:
    """A cluster of vipd (lab[1]) and keepalived (lab[2])."""

    def __init__(self, lab, family, version, interval_s):
        self.lab, self.family, self.version, self.interval_s = lab, family, version, interval_s
        self.machines = [lab[1], lab[2]]
        self.vip = VIP4 if family == 4 else VIP6
        self.addresses = f"{VIP4}/24" if family == 4 else ["fe80::77:200/64", f"{VIP6}/64"]
        self.priorities = None

    def _vipd_text(self, more):
        return config.instance(priority=self.priorities[0], version=self.version,
                               addresses=self.addresses,
                               advert_interval=f"{int(self.interval_s * 1000)}ms", **more)

    def _keepalived_text(self, extra):
        return config.keepalived(family=self.family, version=self.version,
                                 interval_s=self.interval_s, priority=self.priorities[1],
                                 extra=extra)

    def start_vipd(self, more):
        self.lab[1].start(self._vipd_text(more))

    def start_keepalived(self, extra):
        self.lab[2].start(self._keepalived_text(extra))

    def change_vipd(self, more):
        self.lab[1].write(self._vipd_text(more))
        done = self.lab[1].reload()
        assert done.returncode == 0, done.stderr

    def change_keepalived(self, extra):
        peer = self.lab[2]
        with open(f"{peer.directory}/keepalived.conf", "w", encoding="utf-8") as file:
            file.write(self._keepalived_text(extra))
        peer.process.send_signal(signal.SIGHUP)

    def router(self):
        return self.lab[1].router(f"ipv{self.family}")

    def heard(self):
        return self.router()["counters"]["advertisement-rcvd"]

    def outcome(self):
        """Of keepalived's last advert."""
        peers = self.router()["authentication"]["peers"]
        return (peers[0]["last"], peers[0]["key_id"]) if peers else None

    def wait_vipd_follows(self):
        self.lab.wait(lambda: (self.lab[1].instance()["master"] or {}).get("priority")
                      == self.priorities[1], "vipd follows keepalived", 30)

    def wait_only(self, name):
        def only():
            return [n.name for n in self.machines if n.holds(self.vip)] == [name]
        self.lab.wait(only, f"{name} alone holds the address", 30)

    def keeps(self, name):
        """Nothing moves for longer than a master-down time."""
        self.wait_only(name)
        others = [n for n in self.machines if n.name != name]
        self.lab.never(lambda: any(n.holds(self.vip) for n in others), "a second holder",
                       5 * self.interval_s)


@pytest.fixture(params=CASES)
def pair(request, lab):
    return Pair(lab, *request.param)


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("replay", ["time", "monotonic"])
def test_keepalived_follows_a_vipd_that_signs_and_takes_over(pair, keys, replay):
    pair.priorities = 150, 100
    ours = vipd_keys(keys, 1, auth_replay=replay)
    pair.start_vipd(ours)
    pair.lab[1].wait_state("MASTER")
    pair.start_keepalived(keepalived_keys(1, replay=replay))
    pair.keeps("n1")
    pair.lab[1].stop()
    pair.wait_only("n2")
    pair.start_vipd(ours)
    pair.wait_only("n1")
    pair.keeps("n1")


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("replay", ["time", "monotonic"])
def test_vipd_follows_a_keepalived_that_signs_and_takes_over(pair, keys, replay):
    pair.priorities = 100, 150
    pair.start_keepalived(keepalived_keys(1, replay=replay))
    pair.wait_only("n2")
    pair.start_vipd(vipd_keys(keys, 1, auth_replay=replay))
    pair.wait_vipd_follows()
    pair.keeps("n2")
    assert pair.outcome() == ("ok", 1)
    pair.lab[2].stop()
    pair.wait_only("n1")
    pair.start_keepalived(keepalived_keys(1, replay=replay))
    pair.wait_only("n2")
    assert sum(n for name, n in pair.router()["drops"].items() if name.startswith("auth")) == 0


@pytest.mark.limit(120)
@pytest.mark.lab(nodes=1, keepalived=1)
def test_another_key_is_not_heard_on_either_side(pair, keys):
    pair.priorities = 150, 100
    pair.start_vipd(vipd_keys(keys, 1))
    pair.lab[1].wait_state("MASTER")
    pair.start_keepalived(keepalived_keys(1).replace(KEYS[1], KEYS[2]))
    pair.lab.wait(lambda: pair.lab[2].holds(pair.vip), "keepalived does not hear vipd", 30)
    # One will do: what it refuses puts its own next advert off, at 1 s for ever.
    pair.lab.wait(lambda: pair.router()["drops"]["auth_ext_invalid_hmac"] > 0,
                  "nor vipd keepalived", 30)


@pytest.mark.limit(180)
@pytest.mark.lab(nodes=1, keepalived=1)
@pytest.mark.parametrize("priorities", [(150, 100), (100, 150)], ids=["vipd-leads", "it-leads"])
def test_from_nothing_to_enforce_and_to_another_key(pair, keys, priorities):
    """keepalived's three steps and its change of keys, one node after the other: nobody moves."""
    pair.priorities = priorities
    leader = "n1" if priorities[0] > priorities[1] else "n2"
    pair.start_vipd({})
    pair.start_keepalived("")
    pair.wait_only(leader)
    sampler = pair.lab.sampler(pair.vip)
    for mode, numbers in [("receive-only", [1]), ("permissive", [1]), ("enforce", [1]),
                          ("enforce", [1, 2]), ("enforce", [2, 1]), ("enforce", [2])]:
        pair.change_vipd(vipd_keys(keys, *numbers, auth_mode=mode))
        pair.keeps(leader)
        pair.change_keepalived(keepalived_keys(*numbers, mode=mode))
        pair.keeps(leader)
    assert sampler.sequence() == [{leader}]
    if leader == "n2":
        assert pair.outcome() == ("ok", 2)
