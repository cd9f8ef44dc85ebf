"""The table of vipd-guide(7): each kind of interface that works, as the link of two nodes. It takes a
while; what was once broken is in test_kinds.py and runs each time."""

import pytest

from kinds import KINDS, VIRTUAL, only_once, what_it_carries

pytestmark = only_once


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind", KINDS)
def test_it_carries_adverts_and_addresses(lab, kind, capfd):
    what_it_carries(lab, kind, capfd)


@pytest.mark.lab(nodes=2)
@pytest.mark.parametrize("kind", VIRTUAL)
def test_it_carries_the_virtual_mac(lab, kind, capfd):
    what_it_carries(lab, kind, capfd, mac="virtual")
