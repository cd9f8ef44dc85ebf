"""Ethernet, ARP, ND and VRRP frames: built octet by octet (also wrongly, on purpose) and read."""

import ipaddress
import struct
from dataclasses import dataclass, field

GROUP4 = "224.0.0.18"
GROUP6 = "ff02::12"
ETH_IP, ETH_ARP, ETH_IPV6 = 0x0800, 0x0806, 0x86DD
VRRP, ICMPV6 = 112, 58


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def mac_text(octets):
    return ":".join(f"{o:02x}" for o in octets)


def virtual_mac(family, vrid):
    return f"00:00:5e:00:{1 if family == 4 else 2:02x}:{vrid:02x}"


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def checksum_of(header, message):
    """The two octets for a version 3 message over IPv4, behind that IP header."""
    pseudo = header[12:20] + struct.pack("!BBH", 0, VRRP, len(message))
    body = bytes(message[:6]) + bytes(2) + bytes(message[8:])
    return struct.pack("!H", checksum(bytes(pseudo) + body))


def vrrp_message(source, destination, vrid=51, priority=50, addresses=("10.77.0.200",), version=3,
                 kind=1, interval_ms=100, count=None, trailer=b"", spoil_checksum=False,
                 message_only=False, auth_type=0, auth_data=b"",
                 truncate=None):
    """A VRRP message (no IP header). `count`, `trailer`, `truncate` and `spoil_checksum` make
    faults; the checksum is right for what is sent unless it is the one that is spoilt. Over IPv4
    it covers a pseudo-header (RFC 5798) unless `message_only` (RFC 9568)."""
    packed = b"".join(ipaddress.ip_address(a).packed for a in addresses)
    shown = len(addresses) if count is None else count
    if version == 2:
        timing = struct.pack("!BB", auth_type, max(1, interval_ms // 1000))
        packed += auth_data[:8].ljust(8, b"\0")
    else:
        timing = struct.pack("!H", interval_ms // 10)
    head = struct.pack("!BBBB", version << 4 | kind, vrid, priority, shown) + timing
    body = packed + trailer
    if truncate is not None:
        body = (head + b"\0\0" + body)[8:truncate]
    src, dst = ipaddress.ip_address(source), ipaddress.ip_address(destination)
    length = 8 + len(body)
    pseudo = b""
    if src.version == 6:
        pseudo = src.packed + dst.packed + struct.pack("!II", length, VRRP)
    elif version == 3 and not message_only:
        pseudo = src.packed + dst.packed + struct.pack("!BBH", 0, VRRP, length)
    value = checksum(pseudo + head + b"\0\0" + body)
    if spoil_checksum:
        value ^= 0x5A5A
    message = head + struct.pack("!H", value) + body
    return message if truncate is None else message[:truncate]


def frame(source_mac, source, payload, destination=None, ttl=255):
    """The message in IP and Ethernet, to the VRRP group unless told otherwise."""
    src = ipaddress.ip_address(source)
    if src.version == 4:
        dst = ipaddress.ip_address(destination or GROUP4)
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0xC0, 20 + len(payload), 0, 0, ttl, VRRP, 0,
                           src.packed, dst.packed)
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        ether = mac_bytes("01:00:5e:00:00:12") + mac_bytes(source_mac) + struct.pack("!H", ETH_IP)
    else:
        dst = ipaddress.ip_address(destination or GROUP6)
        head = struct.pack("!IHBB16s16s", 0x60000000, len(payload), VRRP, ttl, src.packed,
                           dst.packed)
        ether = mac_bytes("33:33:00:00:00:12") + mac_bytes(source_mac) + struct.pack("!H", ETH_IPV6)
    return ether + head + payload


def gratuitous_arp(source_mac, address):
    """An ARP request in which the address asks for itself."""
    octets = ipaddress.ip_address(address).packed
    body = struct.pack("!HHBBH", 1, ETH_IP, 6, 4, 1) + mac_bytes(source_mac) + octets + bytes(6) + \
        octets
    return b"\xff" * 6 + mac_bytes(source_mac) + struct.pack("!H", ETH_ARP) + body


def neighbour_advertisement(source_mac, address):
    """An unsolicited Neighbor Advertisement to all nodes, override flag set."""
    src, dst = (ipaddress.ip_address(a).packed for a in (address, "ff02::1"))
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + src + b"\x02\x01" + mac_bytes(source_mac)
    value = checksum(src + dst + struct.pack("!II", len(body), ICMPV6) + body)
    body = body[:2] + struct.pack("!H", value) + body[4:]
    head = struct.pack("!IHBB", 0x60000000, len(body), ICMPV6, 255) + src + dst
    ether = mac_bytes("33:33:00:00:00:01") + mac_bytes(source_mac) + struct.pack("!H", ETH_IPV6)
    return ether + head + body


@dataclass
class Frame:
    """What was read of one frame; fields that do not apply are empty."""
    time: float
    port: str
    source_mac: str = ""
    kind: str = "other"  # vrrp, arp, na, other
    source: str = ""
    destination: str = ""
    ttl: int = 0
    version: int = 0
    vrid: int = 0
    priority: int = 0
    count: int = 0
    interval_ms: int = 0
    addresses: list = field(default_factory=list)
    auth_data: bytes = b""  # version 2
    reply: bool = False  # of ARP
    gratuitous: bool = False  # an ARP announcement or unsolicited NA of `target`
    target: str = ""
    target_mac: str = ""
    override: bool = False
    router: bool = False


def read(data, time, port):
    """Reads one Ethernet frame. Whatever does not parse is kind 'other'."""
    out = Frame(time, port)
    if len(data) < 14:
        return out
    out.source_mac = mac_text(data[6:12])
    ethertype = struct.unpack_from("!H", data, 12)[0]
    body = data[14:]
    if ethertype == ETH_ARP and len(body) >= 28:
        _read_arp(out, body)
    elif ethertype == ETH_IP and len(body) >= 20:
        head = (body[0] & 15) * 4
        total = struct.unpack_from("!H", body, 2)[0]
        out.source, out.destination = (str(ipaddress.ip_address(body[i:i + 4])) for i in (12, 16))
        out.ttl = body[8]
        if body[9] == VRRP:
            _read_vrrp(out, body[head:total], 4)
    elif ethertype == ETH_IPV6 and len(body) >= 40:
        length = struct.unpack_from("!H", body, 4)[0]
        out.source, out.destination = (str(ipaddress.ip_address(body[i:i + 16])) for i in (8, 24))
        out.ttl = body[7]
        payload = body[40:40 + length]
        if body[6] == VRRP:
            _read_vrrp(out, payload, 16)
        elif body[6] == ICMPV6 and len(payload) >= 24 and payload[0] == 136:
            _read_na(out, payload)
    return out


def _read_arp(out, body):
    out.kind = "arp"
    out.reply = body[7] == 2
    out.source = str(ipaddress.ip_address(body[14:18]))
    out.target = str(ipaddress.ip_address(body[24:28]))
    out.target_mac = mac_text(body[8:14])
    out.gratuitous = out.source == out.target


def _read_na(out, payload):
    out.kind = "na"
    out.router, out.override = bool(payload[4] & 0x80), bool(payload[4] & 0x20)
    out.gratuitous = not payload[4] & 0x40
    out.target = str(ipaddress.ip_address(payload[8:24]))
    if len(payload) >= 32 and payload[24] == 2:
        out.target_mac = mac_text(payload[26:32])


def _read_vrrp(out, message, size):
    if len(message) < 8:
        return
    out.kind = "vrrp"
    out.version, out.vrid, out.priority, out.count = message[0] >> 4, *message[1:4]
    timing = struct.unpack_from("!H", message, 4)[0]
    out.interval_ms = (timing & 0xFF) * 1000 if out.version == 2 else (timing & 0x0FFF) * 10
    for i in range(out.count):
        octets = message[8 + i * size:8 + (i + 1) * size]
        if len(octets) == size:
            out.addresses.append(str(ipaddress.ip_address(octets)))
    if out.version == 2:
        out.auth_data = message[8 + out.count * size:]
