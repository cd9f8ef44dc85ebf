"""Somebody outside of the cluster answers for our address."""

import struct

import pytest

from vipdlab import wire
from vipdlab.config import VIP4


def gratuitous_arp(mac, address):
    octets = bytes(int(part) for part in address.split("."))
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + wire.mac_bytes(mac) + octets + bytes(6) + \
        octets
    return b"\xff" * 6 + wire.mac_bytes(mac) + struct.pack("!H", wire.ETH_ARP) + body


@pytest.mark.lab(nodes=1)
def test_a_foreign_holder_is_named_with_its_mac(lab):
    lab.start_all([150])
    assert lab[1].router()["foreign_holder"] is None
    frame = gratuitous_arp(lab.client.mac, VIP4)

    def named():
        lab.inject(frame)
        return lab[1].router()["foreign_holder"]
    holder = lab.wait(named, "the foreign holder is in the status", interval=0.1)
    assert holder["mac"] == lab.client.mac and holder["address"] == VIP4
    assert lab.client.mac in lab[1].log_text()
    assert lab.client.mac in lab[1].vipctl("status", "web").stdout
    assert lab[1].state() == "MASTER"


@pytest.mark.lab(nodes=2)
def test_a_successor_is_no_foreign_holder(lab):
    lab.start_all([150, 100])
    for node in (1, 1):
        lab[node].stop()
        lab.wait_master(lab[3 - node])
        lab[node].start()
        lab.wait_master(lab[1])
    assert all(node.router()["foreign_holder"] is None for node in lab.nodes)
