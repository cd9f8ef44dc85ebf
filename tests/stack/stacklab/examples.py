"""The examples that are measured, and how their READMEs call what their tests do to them."""

from .measured import AGAIN, BY, FAILED, GAP, SLOWEST, Example

BACK = "each of them back"
_PAIR = (GAP, FAILED, AGAIN)

EXAMPLES = {
    "nginx-pair": Example("test_one_serves_whatever_dies", {
        "drain": "drain, resume (planned)", "resume": "drain, resume (planned)",
        "nginx killed": "nginx killed", "node dead": "node dead",
        "nginx back": BACK, "node back": BACK}, _PAIR),
    "active-active": Example("", {
        "both serve": "both serve", "node1 dead": "node1 dead", "node1 back": "node1 back",
        "node2: nginx killed": "node2: nginx killed", "node2: nginx back": "node2: nginx back",
        "node1 drained": "node1 drained"}, (FAILED, AGAIN, SLOWEST, BY)),
    "haproxy-pair": Example("planned or faults or dead_nginx", {
        "drain": "drain, resume, vipd stopped (planned)",
        "resume": "drain, resume, vipd stopped (planned)",
        "vipd stopped": "drain, resume, vipd stopped (planned)",
        "haproxy killed": "haproxy killed", "haproxy hangs": "haproxy hangs (SIGSTOP)",
        "node dead": "node dead", "one nginx killed": "one nginx killed",
        "haproxy back": BACK, "haproxy goes on": BACK, "node back": BACK}, _PAIR),
    "rolling-deploy": Example("not on_its_way", {
        "rolling deploy": "two nodes, three steps each",
        "failed deploys": "two deployments that were stopped by a failure"}, (FAILED, AGAIN)),
    "firewall": Example("open_connections", {
        "drain": "drain", "resume": "resume", "fw1 dead": "fw1 dead",
        "fw1 back": "fw1 back, takes over"},
        (GAP, FAILED, "open connections that live", "their longest silence")),
    "routed-vip": Example("", {
        "drain": "`vipctl drain`, `vipctl resume`", "resume": "`vipctl drain`, `vipctl resume`",
        "node dead": "the node with the address is cut off",
        "vipd killed": "vipd killed (BIRD goes on until the kernel takes the address, 5 s)",
        "OSPF, drain": "OSPF: `vipctl drain`, `vipctl resume`",
        "OSPF, resume": "OSPF: `vipctl drain`, `vipctl resume`",
        "OSPF, node dead": "OSPF: the node with the address is cut off"}, (GAP, FAILED)),
    "mariadb-primary": Example("", {
        "drain": "`vipctl drain writer`, there and back",
        "the primary dies, semi-synchronous": "the primary's node dies, semi-synchronous",
        "the primary dies, asynchronous": "the primary's node dies, asynchronous"}),
    "postgresql-primary": Example("", {
        "drain": "`vipctl drain writer`, there and back",
        "the primary dies, asynchronous":
            "the primary's node dies, asynchronous, network to the replica lost just before",
        "the primary dies, synchronous": "the same with `sync=yes`"}),
    "redis-replica": Example("", {
        "drain": "`vipctl drain cache`",
        "the server dies": "`redis-server` of the primary killed",
        "the node dies": "the primary's node dies"}),
    "redis-sentinel": Example("", {
        "SENTINEL FAILOVER": "`SENTINEL FAILOVER`",
        "the primary's server dies": "the primary's server killed"}),
    "site": Example(),  # a whole turn of its own
}
