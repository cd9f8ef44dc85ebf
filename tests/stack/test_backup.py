"""backup: a replaced node comes back as it was; a new one joins without a request lost."""

import pytest

WEB, INTRANET = "192.0.2.10", "192.0.2.11"


@pytest.fixture
def stack(make_stack):
    """node1 is MASTER of both addresses, node2 stands by; node3 is not there yet. Each has a web
    server that says its name."""
    stack = make_stack("backup")
    for number in (1, 2, 3):
        serve(stack.host(f"node{number}", f"192.0.2.{number}/24"))
    client = stack.host("client", "192.0.2.100/24")
    node1, node2 = stack.nodes[:2]
    node1.start()
    stack.wait(lambda: node1.holds(WEB) and node1.holds(INTRANET), "node1 has both addresses", 30)
    node2.start()
    stack.wait(lambda: standing(node2) == ["BACKUP", "BACKUP"], "node2 stands by", 30)
    stack.clients = [stack.load(client, f"http://{address}/", interval_ms=100).wait_served()
                     for address in (WEB, INTRANET)]
    return stack


def serve(node):
    node.put("/tmp/www/index.html", node.name)
    node.popen("python3", "-m", "http.server", "80", "--directory", "/tmp/www",
               log="/var/log/stack/web.log")


def standing(node):
    return [node.state("web"), node.state("intranet")]


def test_a_replaced_node_is_the_same_again(stack):
    node1, node2 = stack.nodes[:2]
    assert node2.vipctl("drain", "web").returncode == 0
    before, config = node2.history(), node2.read("/etc/vipd/vipd.conf")
    assert before and node2.state("web") == "INIT"
    node2.run("vipd-backup", "save", "/var/lib/vipd.tar.gz")
    with open(node2.path("/var/lib/vipd.tar.gz"), "rb") as file:
        saved = file.read()
    node2.die()

    # Another machine with its name and address, on which the package has just been installed.
    node2.reboot()
    serve(node2)
    node2.put("/etc/vipd/vipd.conf", "# nothing yet\n")
    with open(node2.path("/tmp/vipd.tar.gz"), "wb") as file:
        file.write(saved)
    node2.run("vipd-backup", "restore", "/tmp/vipd.tar.gz")
    assert node2.read("/etc/vipd/vipd.conf") == config
    node2.start()
    stack.wait(lambda: standing(node2) == ["INIT", "BACKUP"], "it stands as it stood", 30)
    assert node2.history()[:len(before)] == before
    assert "drained" in node2.vipctl("status", "web").stdout
    node2.vipctl("resume", "web")
    stack.wait(lambda: node2.state("web") == "BACKUP", "node2 stands by", 30)
    assert standing(node1) == ["MASTER", "MASTER"]
    for load in stack.clients:
        assert not load.stop().failed


def test_a_new_node_joins(stack):
    node1, node2, node3 = stack.nodes[:3]
    seen = [(node.process.pid, len(node.history())) for node in (node1, node2)]
    # By multicast it is heard as soon as it is there. By unicast the others must list it first.
    for node, peers in ((node1, "192.0.2.2"), (node2, "192.0.2.1")):
        text = node.read("/etc/vipd/vipd.conf")
        node.put("/etc/vipd/vipd.conf", text.replace(f"unicast-peers = {peers}",
                                                     f"unicast-peers = {peers}, 192.0.2.3"))
        assert node.reload().returncode == 0
    node3.start()
    stack.wait(lambda: standing(node3) == ["BACKUP", "BACKUP"], "node3 stands by", 30)
    assert [(node.process.pid, len(node.history())) for node in (node1, node2)] == seen
    for load in stack.clients:
        result = load.since(0)
        assert not result.failed and set(result.servers) == {"node1"}

    for node, heir in ((node1, node2), (node2, node3)):
        node.cut()
        stack.wait(lambda heir=heir: standing(heir) == ["MASTER", "MASTER"], "the next one", 30)
    for load in stack.clients:
        load.wait_served()
