"""Random kills, stops, restarts, flaps and cuts of either node, from a fixed seed.

VIPD_CYCLES=200 runs that many (in two parts, side by side), VIPD_SEED=N others.
"""

import os

import pytest

from faultlab.cycles import Cycles
from faultlab.products import VipdPair
from vipdlab.config import VIP4

PARTS = 2
COUNT = int(os.environ.get("VIPD_CYCLES", "40")) // PARTS
SEED = int(os.environ.get("VIPD_SEED", "20261121"))


@pytest.mark.lab(nodes=2)
@pytest.mark.limit(60 + 15 * COUNT)
@pytest.mark.parametrize("part", range(PARTS))
def test_after_each_fault_the_pair_is_as_before(lab, part):
    cycles = Cycles(VipdPair(lab, lease_s=1), SEED + part)

    def check(cycle):
        assert not cycle.complaints, cycles.report()
    cycles.run(COUNT, seen=check)
    print(cycles.report())
    assert not any(cycle.complaints for cycle in cycles.done), cycles.report()
    assert lab[1].ours() == [VIP4] and lab[2].ours() == [], cycles.report()
    assert [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"], cycles.report()
    for node in lab.nodes:
        assert len(node.addresses()) == len(lab.client.addresses()) + len(node.ours())
