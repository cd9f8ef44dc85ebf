"""Frames that get lost: nftables at the ingress of an interface."""

from vipdlab import netns

TABLE = "vipdfaults"


def _load(namespace, device, rule):
    netns.run("ip", "netns", "exec", namespace, "nft", "-f", "-", text_in=f"""
table netdev {TABLE}_{device} {{
    chain rx {{
        type filter hook ingress device "{device}" priority 0; policy accept;
        {rule}
    }}
}}
""")


def _unload(namespace, device):
    netns.run("ip", "netns", "exec", namespace, "nft", "delete", "table", "netdev",
              f"{TABLE}_{device}")


def lose_adverts(machine, percent):
    """That share of the VRRP adverts which reach the machine is lost, at random."""
    chance = f"numgen random mod 100 < {percent} " if percent < 100 else ""
    _load(machine.namespace, "eth0", f"ip protocol 112 {chance}counter drop")


def lose_from(machine, other):
    """No frame of the other machine reaches this one."""
    _load(machine.namespace, "eth0", f"ether saddr {other.mac} counter drop")


def deafen(machine):
    """Nothing reaches the machine."""
    _load(machine.namespace, "eth0", "counter drop")


def hear(machine):
    """Ends lose_adverts(), lose_from() and deafen()."""
    _unload(machine.namespace, "eth0")


def mute(machine):
    """Nothing that the machine sends gets past the switch's port."""
    _load(machine.lab.switch, machine.name, "counter drop")


def unmute(machine):
    _unload(machine.lab.switch, machine.name)


def dropped(machine):
    """How many frames the rule at the machine's ingress has taken so far."""
    text = netns.run("ip", "netns", "exec", machine.namespace, "nft", "list", "table", "netdev",
                     f"{TABLE}_eth0").stdout
    return int(text.split("packets ")[1].split()[0])
