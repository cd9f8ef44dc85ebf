"""Attacks on a pair of nodes by a machine of its LAN: the frames of one round of each, for the
tests of tests/lab/attacks and for tests/bench/attacks. Of either product; the first node is
MASTER."""

import ipaddress
import struct
from dataclasses import dataclass
from typing import Callable

from . import wire
from .config import VIP4, VIP6

FAR_MS = 40950  # the longest interval that an advert can name
ALL_ROUTERS4, ALL_ROUTERS6, IGMP3 = "224.0.0.2", "ff02::2", "224.0.0.22"
IGMP, FRAGMENT = 2, 44
ROUTER_ALERT4 = bytes([0x94, 4, 0, 0])
SOURCE_ROUTE = bytes([0x83, 7, 4, 10, 77, 0, 1, 0])
RECORD_ROUTE = bytes([0x07, 7, 4, 0, 0, 0, 0, 0])
ETHER = 14


class Scene:
    """What an attacker knows: the LAN, the master, and what it has heard of it."""

    def __init__(self, lab, family=4, heard=()):
        self.injector = lab.injector()
        self.attacker = lab.client
        self.master = lab.machines()[0]
        self.family = family
        self.vip = VIP4 if family == 4 else VIP6
        self.heard = list(heard)  # frames

    @property
    def address(self):
        return self.master.address4 if self.family == 4 else self.master.link_local

    def advert(self, **fields):
        """With the MAC and the address of the attacker, unless the fields say otherwise."""
        if self.family == 4:
            fields.setdefault("addresses", [VIP4])
        return self.injector.build(family=self.family, **fields)

    def forged(self, **fields):
        """As from the master itself, its MAC as well."""
        data = self.advert(source=self.address, **fields)
        return data[:6] + wire.mac_bytes(self.master.mac) + data[12:]


@dataclass(frozen=True)
class Attack:
    name: str
    frames: Callable  # of a Scene: the frames of one round
    families: tuple = (4, 6)
    moves: bool = False  # without signatures it can move a state, once for each round
    drop: str = ""       # what the second node counts it as where signatures are demanded
    unsigned_drop: str = ""  # and where there are none; "": it is heard, or not looked at
    drop6: str = ""  # over IPv6, where that is told apart
    flood: bool = False  # sent as fast as can be

    def signed_drop(self, family):
        return self.drop6 if family == 6 and self.drop6 else self.drop


def with_ip4(frame, options=b"", fragment=0, payload=None):
    """The IPv4 frame with these options, fragment field and payload instead of its own."""
    head, body = bytearray(frame[ETHER:ETHER + 20]), frame[ETHER + 20:]
    body = body if payload is None else payload
    head[0] = 0x40 | (20 + len(options)) // 4
    head[2:4] = struct.pack("!H", 20 + len(options) + len(body))
    head[4:8] = struct.pack("!HH", 0x7676, fragment)
    head[10:12] = bytes(2)
    head[10:12] = struct.pack("!H", wire.checksum(bytes(head) + options))
    return frame[:ETHER] + bytes(head) + options + body


def with_ip6(frame, kind, header, payload=None):
    """The IPv6 frame with one extension header before the message, or a piece of it."""
    head, body = bytearray(frame[ETHER:ETHER + 40]), frame[ETHER + 40:]
    body = body if payload is None else payload
    head[4:6] = struct.pack("!H", len(header) + len(body))
    head[6] = kind
    return frame[:ETHER] + bytes(head) + header + body


def _fragments(scene):
    """An advert in two pieces, the second one first; the kernel puts them together."""
    whole = scene.advert(priority=255)
    if scene.family == 4:
        body = whole[ETHER + 20:]
        return [with_ip4(whole, fragment=1, payload=body[8:]),
                with_ip4(whole, fragment=0x2000, payload=body[:8])]
    body = whole[ETHER + 40:]
    return [with_ip6(whole, FRAGMENT, struct.pack("!BBHI", wire.VRRP, 0, at << 3 | more, 0x7676),
                     body[at * 8:(at + 1) * 8 if more else None])
            for at, more in ((1, 0), (0, 1))]


def _lone_fragments(scene):
    """The rest of each never comes: what the kernel keeps of them is bounded."""
    whole = scene.advert(priority=255)
    if scene.family == 4:
        found = [bytearray(with_ip4(whole, fragment=0x2000, payload=whole[ETHER + 20:ETHER + 28]))
                 for _ in range(50)]
        for number, data in enumerate(found):
            data[ETHER + 4:ETHER + 6] = struct.pack("!H", number)
            data[ETHER + 10:ETHER + 12] = bytes(2)
            data[ETHER + 10:ETHER + 12] = struct.pack("!H", wire.checksum(
                bytes(data[ETHER:ETHER + 20])))
        return [bytes(data) for data in found]
    return [with_ip6(whole, FRAGMENT, struct.pack("!BBHI", wire.VRRP, 0, 1, number),
                     whole[ETHER + 40:ETHER + 48]) for number in range(50)]


def _options(scene):
    return [with_ip4(scene.advert(priority=255), options=o)
            for o in (ROUTER_ALERT4, SOURCE_ROUTE, RECORD_ROUTE)]


def _extension_headers(scene):
    whole = scene.advert(priority=255)
    pad = bytes([wire.VRRP, 0, 1, 4, 0, 0, 0, 0])
    atomic = struct.pack("!BBHI", wire.VRRP, 0, 0, 0x7676)
    return [with_ip6(whole, 0, pad), with_ip6(whole, 60, pad), with_ip6(whole, FRAGMENT, atomic),
            with_ip6(whole, 43, bytes([wire.VRRP, 0, 4, 0, 0, 0, 0, 0]))]


def _with_trailer(scene, trailer):
    """Over IPv4 the checksum does not cover it."""
    if scene.family == 6:
        return [scene.advert(priority=255, trailer=trailer)]
    whole = scene.advert(priority=255)
    return [with_ip4(whole, payload=whole[ETHER + 20:] + trailer)]


def _claims(scene):
    mac = scene.attacker.mac
    if scene.family == 4:
        return [wire.gratuitous_arp(mac, scene.vip)]
    return [wire.neighbour_advertisement(mac, scene.vip)]


def _ip4(source_mac, source, destination, protocol, payload, options=ROUTER_ALERT4):
    octets = ipaddress.ip_address(destination).packed
    ether = bytes([1, 0, 0x5E, octets[1] & 0x7F, *octets[2:]]) + wire.mac_bytes(source_mac) + \
        struct.pack("!H", wire.ETH_IP)
    head = struct.pack("!BBHHHBBH4s4s", 0x46, 0xC0, 24 + len(payload), 0, 0, 1, protocol, 0,
                       ipaddress.ip_address(source).packed, octets) + options
    return ether + head[:10] + struct.pack("!H", wire.checksum(head)) + head[12:] + payload


def _leave4(mac, source):
    """IGMPv2: Leave Group. IGMPv3: from now on nobody's packets to the group."""
    group = ipaddress.ip_address(wire.GROUP4).packed
    frames = []
    for destination, body in ((ALL_ROUTERS4, b"\x17\0\0\0" + group),
                              (IGMP3, b"\x22\0\0\0\0\0\0\1" + b"\3\0\0\0" + group)):
        body = body[:2] + struct.pack("!H", wire.checksum(body)) + body[4:]
        frames.append(_ip4(mac, source, destination, IGMP, body))
    return frames


def _leave6(mac, source):
    """MLDv1: Done. MLDv2: from now on nobody's packets to the group."""
    group = ipaddress.ip_address(wire.GROUP6).packed
    src = ipaddress.ip_address(source).packed
    alert = bytes([wire.ICMPV6, 0, 5, 2, 0, 0, 1, 0])
    frames = []
    for destination, body in ((ALL_ROUTERS6, b"\x84\0\0\0\0\0\0\0" + group),
                              ("ff02::16", b"\x8f\0\0\0\0\0\0\1" + b"\3\0\0\0" + group)):
        dst = ipaddress.ip_address(destination).packed
        value = wire.checksum(src + dst + struct.pack("!II", len(body), wire.ICMPV6) + body)
        body = body[:2] + struct.pack("!H", value) + body[4:]
        head = struct.pack("!IHBB", 0x60000000, len(alert) + len(body), 0, 1) + src + dst
        frames.append(b"\x33\x33" + dst[12:] + wire.mac_bytes(mac) +
                      struct.pack("!H", wire.ETH_IPV6) + head + alert + body)
    return frames


def _leaves(scene):
    """In the attacker's name, and in the master's."""
    build = _leave4 if scene.family == 4 else _leave6
    own = scene.attacker.address4 if scene.family == 4 else scene.attacker.link_local
    return build(scene.attacker.mac, own) + build(scene.master.mac, scene.address)


def _heard_resignations(scene):
    offset = ETHER + (20 if scene.family == 4 else 40) + 2
    return [data for data in scene.heard if data[offset] == 0][:1]


ATTACKS = (
    Attack("priority 255, 40.95 s", lambda s: [s.advert(priority=255, interval_ms=FAR_MS)],
           moves=True, drop="auth_ext_missing"),
    Attack("priority 255", lambda s: [s.advert(priority=255)], moves=True, drop="auth_ext_missing"),
    Attack("priority 0 of a stranger", lambda s: [s.advert(priority=0)], moves=True,
           drop="auth_ext_missing"),
    Attack("priority 0 with the master's address and MAC", lambda s: [s.forged(priority=0)],
           moves=True, drop="auth_ext_missing"),
    Attack("40.95 s with the master's address and MAC",
           lambda s: [s.forged(priority=150, interval_ms=FAR_MS)], moves=True,
           drop="auth_ext_missing"),
    Attack("a recorded resignation again", _heard_resignations, moves=True, drop="auth_ext_replay"),
    Attack("a recorded advert again", lambda s: s.heard[:3], drop="auth_ext_replay"),
    Attack("a trailer of zeros", lambda s: _with_trailer(s, bytes(28)),
           drop="auth_ext_malformed", unsigned_drop="packet_length_error"),
    Attack("a signature of nothing",
           lambda s: _with_trailer(s, b"\1\1\0\0" + bytes(24)),
           drop="auth_ext_invalid_hmac", unsigned_drop="auth_ext_unexpected"),
    Attack("TTL 254", lambda s: [s.advert(priority=255, ttl=254)], drop="ip_ttl_error",
           unsigned_drop="ip_ttl_error"),
    Attack("all 255 VRIDs", lambda s: [s.advert(priority=255, vrid=v) for v in range(1, 256)],
           moves=True, drop="auth_ext_missing"),
    Attack("in two fragments", _fragments, moves=True, drop="auth_ext_missing",
           drop6="extension_headers"),
    Attack("first fragments alone", _lone_fragments),
    Attack("IP options", _options, families=(4,), moves=True, drop="auth_ext_missing"),
    Attack("extension headers", _extension_headers, families=(6,), moves=True,
           drop="extension_headers"),
    Attack("ARP or NA for the address", _claims),
    Attack("leaves of the group", _leaves),
)


def _faulty(scene):
    """What no router may believe, of each kind that is dropped at another place."""
    names = ("a trailer of zeros", "a signature of nothing", "TTL 254")
    return [data for name in names for data in named(name).frames(scene)]


def _ours(scene):
    """In the attacker's name and in the master's, signed by nobody."""
    return _faulty(scene) + [scene.advert(priority=255), scene.forged(priority=0),
                             scene.forged(priority=255)]


def _strangers(scene):
    return [scene.advert(priority=255, vrid=vrid) for vrid in range(1, 256) if vrid != 51]


FLOODS = (
    Attack("a flood of priority 255 with our VRID", lambda s: [s.advert(priority=255)], moves=True,
           flood=True),
    Attack("a flood of priority 255 and 0 with our VRID", _ours, moves=True, flood=True),
    Attack("a flood of faulty adverts with our VRID", _faulty, flood=True),
    Attack("a flood with all other VRIDs", _strangers, flood=True),
)


def floods():
    return list(FLOODS)


def flood_named(name):
    return next(attack for attack in FLOODS if attack.name == name)


def named(name):
    return next(attack for attack in ATTACKS if attack.name == name)


def of_family(family):
    return [attack for attack in ATTACKS if family in attack.families]
