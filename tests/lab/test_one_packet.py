"""What one forged advert can do at most: its sender is never heard again."""

import pytest

from vipdlab.config import VIP4, VIP6

FAR_MS = 40950
# The forged interval would be waited for by three of it and the skew: 139 s.
AGAIN_S = 20


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("family, vip", [(4, VIP4), (6, VIP6)])
def test_a_forged_interval_is_not_waited_for(lab, family, vip):
    lab.start_all([150, 100], addresses=f"{vip}/{24 if family == 4 else 64}")
    yields = len(lab[1].history())
    lab.injector().advert(family=family, priority=255, interval_ms=FAR_MS,
                          **({"addresses": [vip]} if family == 4 else {}))
    lab.wait(lambda: len(lab[1].history()) > yields, "it yields to the forged advert")
    lab.wait_master(lab[1], timeout=AGAIN_S)
    assert vip in lab[1].ours() and lab[2].ours() == []
