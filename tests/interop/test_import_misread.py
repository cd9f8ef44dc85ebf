"""vipctl import: statements that keepalived reads otherwise than they look: what it does not know,
lists without a brace, things that are tracked before they are there. Each was seen in the log and
the dump of keepalived 2.2."""

import pytest

from vipdlab.importing import convert, instance, keys_of, lost, run, sections, why


def dangers(report, line):
    return {item["danger"] for item in report["items"] if item["line"] == line}


THINGS = {
    "track_script": "vrrp_script app {\n script /bin/true\n weight 2\n}\n",
    "track_process": "vrrp_track_process app {\n process app\n weight 2\n}\n",
    "track_file": "track_file app {\n file /run/app\n}\n",
}


@pytest.mark.parametrize("word", THINGS)
def test_what_is_tracked_before_it_is_there(write, word):
    """keepalived: "track script app not found, ignoring..."."""
    tracking = instance(f"version 3\n{word} {{\n app\n}}")
    report = convert(write(tracking + THINGS[word]))
    assert "track" not in keys_of(report) and "check app" not in sections(report["config"])
    assert dangers(report, 6) == {"failover"}
    assert "ignores the line" in why(report, 6) and "in line 12" in why(report, 6)
    report = convert(write(THINGS[word] + tracking))
    assert keys_of(report)["track"] == "app"


def test_what_a_group_tracks_before_it_is_there(write):
    group = "vrrp_sync_group G {\n group {\n A\n}\n track_script {\n app\n }\n}\n"
    report = convert(write(group + THINGS["track_script"] + instance("version 3", "A")))
    assert "track" not in keys_of(report, "instance A")
    assert dangers(report, 6) == {"failover"} and "before the vrrp_sync_group" in why(report, 6)


def test_a_second_script_of_a_name_behind_the_instance_is_not_the_one(write):
    report = convert(write(THINGS["track_script"] + instance("version 3\ntrack_script {\n app\n}")
                           + "vrrp_script app {\n script /bin/false\n}\n"))
    assert keys_of(report, "check app")["command"] == "/bin/true" and lost(report) == []


@pytest.mark.parametrize("text, line", [
    (instance("version 3\nauthentification {\n auth_type PASS\n}"), 5),
    (instance("version 3\nfoo {\n priority 77\n}"), 5),
    ("global_defs {\n notification_mail {\n a@b\n}\n vrrp_version 3\n}\n" + instance(""), 2),
])
def test_a_block_that_is_not_known_ends_the_one_around_it(write, text, line):
    """keepalived ignores the rest, the addresses too; a peer with the same file is not heard."""
    path = write(text)
    report = convert(path)
    assert dangers(report, line) == {"masters"}
    assert "ignores the rest, from line" in why(report, line)
    assert keys_of(report)["addresses"] == "192.0.2.1/24"
    assert "ignores the rest, from line" in " ".join(run("import", path).stdout.split("\n[")[0]
                                                     .replace("\n#", "").split())


def test_a_block_that_is_not_known_at_the_end_takes_nothing_along(write):
    text = instance("version 3").rstrip("}\n") + "\n }\n foo {\n a\n }\n}\n"
    assert dangers(convert(write(text)), 9) == {"function"}
    assert dangers(convert(write("foo {\n a\n}\n" + instance("version 3"))), 1) == {"function"}


@pytest.mark.parametrize("text, line, block", [
    ("enable_script_security\n" + instance("version 3"), 1, "global_defs"),
    ("global_defs {\n garp_master_delay 3\n}\n" + instance("version 3"), 2, "vrrp_instance"),
    (instance("version 3\ninterval 2"), 5, "vrrp_script"),
])
def test_words_of_other_blocks_are_no_loss(write, text, line, block):
    report = convert(write(text))
    assert dangers(report, line) == {"cosmetic"}
    assert f"a word of {block}, not of" in why(report, line)


def test_words_of_nobody_are_told(write):
    report = convert(write(instance("version 3\nnonesuch 1")))
    assert dangers(report, 5) == {"function"} and "unless yours is newer" in why(report, 5)


@pytest.mark.parametrize("line", ["virtual_ipaddress 192.0.2.1/24", "track_interface eth0",
                                  "track_script app", "unicast_peer 192.0.2.9", "authentication"])
def test_lists_without_a_brace(write, line):
    """keepalived: "Block track_interface has extra parameters eth0", and the next lines are its."""
    report = convert(write(instance(f"version 3\n{line}\npriority 7")))
    assert dangers(report, 5) == {"masters"} and "no '{' behind it" in why(report, 5)
    assert keys_of(report)["priority"] == "7"
    report = convert(write(instance("version 3\ntrack_interface\n{\n eth1\n}")))
    assert keys_of(report)["track"] == "link-eth1" and lost(report) == []


@pytest.mark.parametrize("command, minds", [
    ("timeout 3 pidof app", True), ("nice -n 5 ps ax", True), ("timeout 3 true ps", False),
    ("netstat -tlnp", True), ("ss -H --processes", True), ("netstat -an -p", True),
    ("netstat -tln", False), ("ss -lnt sport = :80", False), ("netstat -tln | grep -q app", False),
])
def test_processes_and_whose_sockets_they_are(write, command, minds):
    """The unit hides processes of others: their names are missing, and the check fails for ever."""
    report = convert(write(f"vrrp_script up {{\n script \"/bin/sh -c '{command}'\"\n}}\n"
                           + instance("version 3\ntrack_script {\n up\n}")))
    assert ("hides the processes" in why(report, 2)) == minds


@pytest.mark.parametrize("body", ["eth0 weight 50", "eth0", "eth0 weight -9"])
def test_the_own_interface_is_not_tracked_twice(write, body):
    """keepalived: "Ignoring track_interface eth0 since own interface", and so its weight."""
    for more in ("", "dont_track_primary\n"):
        report = convert(write(instance(f"version 3\n{more}track_interface {{\n {body}\n}}")))
        assert "track" not in keys_of(report) and lost(report) == []
        assert list(sections(report["config"])) == ["instance VI_1"]
    group = ("vrrp_sync_group G {\n group {\n A\n B\n}\n track_interface {\n eth0\n}\n}\n"
             + instance("version 3", "A")
             + instance("version 3", "B").replace("51", "52").replace("2.1/", "2.2/"))
    assert keys_of(convert(write(group)), "instance A")["track"] == "link-eth0"


def test_the_old_word_for_via(write):
    report = convert(write(instance("version 3\nvirtual_routes {\n default gw 192.0.2.7\n"
                                    " 10.0.0.0/8 gw 192.0.2.8 dev eth0\n}")))
    assert keys_of(report)["routes"] == ("default via 192.0.2.7, "
                                         "10.0.0.0/8 via 192.0.2.8 dev eth0")
    assert lost(report) == []


@pytest.mark.parametrize("command, matters", [
    ("/usr/bin/curl -sf http://127.0.0.1:80/health", False), ("/usr/bin/logger -t vrrp up", False),
    ("/usr/bin/curl --unix-socket /run/app http://x/", True), ("/bin/date", True),
])
def test_programs_to_which_the_user_is_all_the_same(write, command, matters):
    """Nobody has to grant capabilities for a look at a port."""
    user = "global_defs {\n script_user root\n}\n"
    for text, line in (
            (f'vrrp_script up {{\n script "{command}"\n}}\n'
             + instance("version 3\ntrack_script {\n up\n}"), 5),
            (instance(f'version 3\nnotify_master "{command}"'), 8)):
        report = convert(write(user + text))
        assert dangers(report, line) >= ({"failover"} if matters else {"cosmetic"})
        assert (lost(report) != []) == matters


def test_scripts_of_one_kind_are_one_line_of_the_head(write):
    path = write(instance("version 3\n" + "".join(
        f"notify_{state} /nonesuch/{state}.sh\n" for state in ("master", "backup", "fault"))))
    head = run("import", path).stdout.split("\n[")[0]
    assert head.count("no such") == 1 and "(and 2 more)" in head


@pytest.mark.parametrize("security, user, own, left_out", [
    ("enable_script_security", "", "", True), ("", "", "", False),
    ("enable_script_security", "script_user root", "", False),
    ("enable_script_security", "", "user root", False),
])
@pytest.mark.parametrize("command", ["/bin/true", "killall -0 app"])
def test_script_security_without_a_user(write, security, user, own, left_out, command):
    """keepalived: "Unable to set default user for vrrp script up - removing"."""
    report = convert(write(f"global_defs {{\n{security}\n{user}\n}}\nvrrp_script up {{\n"
                           f"script \"{command}\"\n{own}\n}}\n"
                           + instance("version 3\ntrack_script {\n up\n}")))
    assert ("where there is no user keepalived_script;" in why(report, 6)) == left_out


@pytest.mark.parametrize("word", ["priority", "interface", "notify_master", "advert_int"])
def test_a_statement_without_its_value(write, word):
    """keepalived: "Configuration line starting `priority` is missing a parameter", and it ends."""
    report = convert(write(instance(f"version 3\n{word}")))
    assert dangers(report, 5) == {"failover"} and "2.2 does not start" in why(report, 5)
    assert "takes" not in why(report, 5)


def test_blocks_without_a_name(write):
    report = convert(write("vrrp_script {\n script /bin/true\n}\n" + instance("version 3")))
    assert "failover" in dangers(report, 1) and "2.2 does not start" in why(report, 1)
    report = convert(write("vrrp_script a {\n script /bin/true\n weight\n}\n"
                           + instance("version 3\ntrack_script {\n a\n}")))
    assert dangers(report, 3) == {"failover"}


@pytest.mark.parametrize("program, known", [("/bin/sh", True), ("/bin/nonesuch", False),
                                            ("/usr/sbin/nonesuch.sh", False)])
def test_programs_of_the_system_that_are_not_there(write, program, known):
    report = convert(write(instance(f'version 3\nnotify_master "{program} up"')))
    assert ("no such file" not in why(report, 5)) == known
    assert ("Nothing was found" in why(report, 5)) == known
