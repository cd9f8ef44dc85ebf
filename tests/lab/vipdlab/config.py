"""Texts of configuration files, with the defaults of the lab: fast adverts on eth0, VRID 51."""

import os

VIP4 = "10.77.0.200"
VIP6 = "fd77::200"
# What runs vipd (see node.py) makes it many times slower.
INTERVAL_MS = 1000 if os.environ.get("VIPD_WRAPPER") else 100
# Over IPv6 a planned hand-over may cost a probe on a busy machine: Linux acknowledges an address
# before its local route is there (seen up to 19 ms later). A dead master costs 3.6 intervals.
IPV6_GAP_MS = INTERVAL_MS / 2


def section(header, keys):
    lines = [f"[{header}]"]
    for key, value in keys.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            value = ", ".join(value)
        lines.append(f"{key.replace('_', '-')} = {value}")
    return "\n".join(lines) + "\n"


def instance(name="web", **keys):
    """An [instance] section: instance(priority=150, advert_interval='1s'). None leaves a key out."""
    defaults = {"interface": "eth0", "vrid": 51, "priority": 100, "addresses": f"{VIP4}/24",
                "advert_interval": f"{INTERVAL_MS}ms"}
    return section(f"instance {name}", {**defaults, **keys})


def check(name, type, **keys):
    """A [check] section, fast unless the keys say otherwise: check('app', 'tcp', connect='...')."""
    defaults = {"type": type, "interval": "100ms"}
    return section(f"check {name}", {**defaults, **keys})


def keepalived_instance(name="VI_1", family=4, version=3, vrid=51, priority=100, addresses=None,
                        interval_s=INTERVAL_MS / 1000, extra=""):
    """A vrrp_instance block; `extra` is put into it."""
    addresses = addresses or ([f"{VIP4}/24"] if family == 4 else ["fe80::77:200/64", f"{VIP6}/64"])
    listed = "\n".join(f"        {a}" for a in addresses)
    return f"""vrrp_instance {name} {{
    state BACKUP
    interface eth0
    version {version}
    virtual_router_id {vrid}
    priority {priority}
    advert_int {interval_s:g}
    {extra}
    virtual_ipaddress {{
{listed}
    }}
}}
"""


def keepalived(*instances, **keys):
    """A keepalived configuration with these blocks, or one made of the keys."""
    blocks = instances or (keepalived_instance(**keys),)
    return "global_defs {\n    router_id lab\n}\n" + "\n".join(blocks)
