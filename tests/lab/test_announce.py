"""Announcements: how many, which form, and again from time to time."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4, VIP6


def announcements(capture, target=VIP4, **fields):
    return [f for f in capture.frames("n1", target=target, **fields) if f.gratuitous]


@pytest.mark.lab(nodes=1)
def test_repeated_as_often_as_configured_and_no_more(lab):
    capture = lab.capture()
    lab[1].start(config.instance("a", vrid=1, addresses="10.77.0.201/24", announce_repeat=0),
                 config.instance("b", vrid=2, addresses="10.77.0.202/24", announce_repeat=2))
    lab[1].wait_state("MASTER", "a").wait_state("MASTER", "b")

    def heard(address):
        return len(announcements(capture, address))
    lab.wait(lambda: heard("10.77.0.202") == 3, "the first and two repeats")
    lab.never(lambda: heard("10.77.0.202") > 3 or heard("10.77.0.201") > 1, "one too many", 2.5)
    assert heard("10.77.0.201") == 1


@pytest.mark.lab(nodes=1)
def test_refreshed(lab):
    capture = lab.capture()
    lab[1].start(config.instance(announce_repeat=0, announce_refresh="1s"))
    lab.wait(lambda: len(announcements(capture)) >= 3, "the first and two refreshes")
    first, _, third = announcements(capture)[:3]
    # Two intervals, of which a busy machine may shorten one by as much as it was late before.
    assert third.time - first.time > 1


@pytest.mark.lab(nodes=1)
@pytest.mark.parametrize("form, kinds", [("request", {False}), ("both", {False, True})])
def test_form_of_gratuitous_arp(lab, form, kinds):
    capture = lab.capture()
    lab[1].start(config.instance(announce_form=form))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: len(announcements(capture)) >= 2 * len(kinds), "announced and repeated")
    frames = announcements(capture)
    assert {f.reply for f in frames} == kinds
    assert {f.target_mac for f in frames} == {lab[1].mac}


@pytest.mark.lab(nodes=1)
def test_each_address_of_both_families(lab):
    four = [f"10.77.0.{200 + i}" for i in range(5)]
    six = [VIP6, "fd77::201", "fd77::202"]
    capture = lab.capture()
    lab[1].start(config.instance(addresses=[f"{a}/24" for a in four] + [f"{a}/64" for a in six]))
    lab[1].wait_state("MASTER")
    lab.wait(lambda: capture.announced("n1") >= {*four, *six}, "all are announced")
    assert {f.destination for f in capture.frames("n1", kind="na") if f.target in six} == \
        {"ff02::1"}


@pytest.mark.lab(nodes=1)
def test_a_forwarding_node_says_that_it_is_a_router(lab):
    lab[1].run("sysctl", "-qw", "net.ipv6.conf.all.forwarding=1")
    capture = lab.capture()
    lab[1].start(config.instance(addresses=f"{VIP6}/64"))
    lab.wait(lambda: announcements(capture, VIP6), "announced")
    assert {f.router for f in announcements(capture, VIP6)} == {True}


@pytest.mark.lab(nodes=1)
def test_what_it_says_of_that_follows_the_kernel_at_once(lab):
    capture = lab.capture()
    lab[1].start(config.instance(addresses=f"{VIP6}/64", announce_refresh="1s"))
    lab.wait(lambda: announcements(capture, VIP6), "announced")
    assert {f.router for f in announcements(capture, VIP6)} == {False}
    lab[1].run("sysctl", "-qw", "net.ipv6.conf.eth0.forwarding=1")
    lab.wait(lambda: announcements(capture, VIP6)[-1].router, "it is a router now")
    lab[1].run("sysctl", "-qw", "net.ipv6.conf.eth0.forwarding=0")
    lab.wait(lambda: not announcements(capture, VIP6)[-1].router, "and no more")
