"""Health checks that run programs: what these are given, how they end, and that none delays an
advert."""

import os
import pathlib
import re
import resource
import time

import pytest

from vipdlab import config, netns
from vipdlab.calm import assert_steady
from vipdlab.checks import check_of, script, start_with, wait_check, write_file
from vipdlab.processes import processes_with


@pytest.mark.lab(nodes=1)
def test_exec_is_what_its_exit_status_says(lab):
    state = f"{lab[1].directory}/exit-status"
    write_file(state, "0")
    program = script(lab[1], "check", f'echo first; echo "$1, $VIPD_CHECK"; exit $(cat {state})')
    start_with(lab[1], config.check("app", "exec", command=f"{program} 'two words'", fall=2,
                                    interval="300ms"),
               config.check("missing", "exec", command="/nonexistent/check", weight=-1,
                            interval="300ms"))
    wait_check(lab, lab[1], "app", "passing")
    assert check_of(lab[1], "app")["text"] == "exit status 0: two words, app"
    wait_check(lab, lab[1], "missing", "failing")
    assert "No such file or directory" in check_of(lab[1], "missing")["text"]
    write_file(state, "7")
    wait_check(lab, lab[1], "app", "failing")
    assert check_of(lab[1], "app")["text"] == "exit status 7: two words, app"
    last = lab[1].instance()["last_transition"]
    assert last["text"] == "check app failed: exit status 7: two words, app"


@pytest.mark.lab(nodes=1)
def test_a_program_has_nothing_of_vipd(lab):
    program = script(lab[1], "check", "echo $(id -un)"
                     " $(grep -E 'CapPrm|CapAmb' /proc/self/status | tr -s '\\t\\n' ' ')"
                     " $(chrt -p $$ | head -1 | grep -o 'SCHED.*') $(cat /proc/self/oom_score_adj)")
    # Programs have no priority of vipd's: on a busy machine they take their time.
    patient = {"interval": "5s", "timeout": "5s", "rise": 1}
    start_with(lab[1],
               config.check("app", "exec", command=program, user="nobody", **patient),
               config.check("files", "exec", command="/bin/ls -v /proc/self/fd", **patient),
               config.check("nobody", "exec", command="/bin/true", user="nosuchuser", weight=-1))
    wait_check(lab, lab[1], "app", "passing", timeout=40)
    text = check_of(lab[1], "app")["text"]
    assert text == ("exit status 0: nobody CapPrm: 0000000000000000 CapAmb: 0000000000000000 "
                    "SCHED_OTHER 0"), text
    # The highest is the directory that ls reads.
    wait_check(lab, lab[1], "files", "passing", timeout=40)
    assert check_of(lab[1], "files")["text"] == "exit status 0: 3"
    wait_check(lab, lab[1], "nobody", "failing")
    assert "no user 'nosuchuser'" in check_of(lab[1], "nobody")["text"]


@pytest.mark.lab(nodes=1)
def test_a_hanging_program_is_killed_with_all_it_started(lab):
    mark = f"100.{os.getpid()}"
    program = script(lab[1], "check", f"echo begun\nsleep {mark} & sleep {mark}")
    start_with(lab[1], config.check("hang", "exec", command=program, interval="500ms",
                                    timeout="200ms", fall=1, weight=-1),
               config.check("leave", "exec", interval="500ms",
                            command=script(lab[1], "leave", f"sleep {mark} >&- 2>&- &\nexit 0")))
    wait_check(lab, lab[1], "hang", "failing")
    assert "no answer within 200 ms" in check_of(lab[1], "hang")["text"]
    # What a program that ends leaves behind has no place either.
    wait_check(lab, lab[1], "leave", "passing")
    lab.wait(lambda: check_of(lab[1], "leave")["good_results"] > 3, "it was run again and again")
    lab.wait(lambda: not processes_with(mark), "all are gone between two looks", interval=0.005)
    assert len(processes_with(mark)) < 5


@pytest.mark.lab(nodes=1)
def test_the_program_of_a_check_that_is_removed_is_ended_and_collected(lab):
    node, mark = lab[1], f"200.{os.getpid()}"
    hang = config.check("hang", "exec", command=f"/bin/sleep {mark}", interval="30s",
                        timeout="30s")
    for _ in range(3):
        node.write(config.instance(priority=150), hang)
        if node.process is None:
            node.start()
        else:
            assert node.reload().returncode == 0
        lab.wait(lambda: processes_with(mark), "it runs")
        node.write(config.instance(priority=150))
        assert node.reload().returncode == 0
        lab.wait(lambda: not processes_with(mark), "it is ended")
    path = f"/proc/{node.process.pid}/task/{node.process.pid}/children"
    lab.wait(lambda: netns.run("cat", path).stdout == "", "nothing is left of it")
    # One that still runs when vipd ends.
    node.write(config.instance(priority=150), hang)
    assert node.reload().returncode == 0
    lab.wait(lambda: processes_with(mark), "it runs")
    assert node.stop() == 0
    lab.wait(lambda: not processes_with(mark), "it is ended with vipd")


@pytest.mark.lab(nodes=1)
def test_what_programs_do_delays_no_advert(lab):
    """They hang, flood, fork and die; there are more than may run at a time."""
    node = lab[1]
    kinds = {"hang": "sleep 100", "flood": "while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done",
             "fork": "i=0; while [ $i -lt 40 ]; do sleep 100 & i=$((i+1)); done; wait",
             "die": "kill -SEGV $$"}
    checks = [config.check(f"{name}{i}", "exec", command=script(node, name, text), weight=-1,
                           interval="2s", timeout="1500ms", fall=1)
              for i in range(5) for name, text in kinds.items()]
    start_with(node, *checks)
    # Else the thread that adverts waits for the kernel when one more file is opened.
    status = pathlib.Path(f"/proc/{node.process.pid}/status").read_text(encoding="utf-8")
    most = min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    assert int(re.search(r"FDSize:\s+(\d+)", status).group(1)) >= most
    node.wait_state("MASTER")
    capture, sampler = lab.capture(), lab.sampler()
    for name in kinds:
        wait_check(lab, node, f"{name}4", "failing", timeout=20)
    most = 0
    until = time.monotonic() + 4
    while time.monotonic() < until:
        with open(f"/proc/{node.process.pid}/task/{node.process.pid}/children",
                  encoding="ascii") as file:
            most = max(most, len(file.read().split()))
        time.sleep(0.002)
    assert 0 < most <= 16
    lab.wait(lambda: "killed by Segmentation fault" in check_of(node, "die0")["text"], "it died")
    assert sampler.sequence() == [{"n1"}]
    assert_steady(capture.adverts("n1"), 3 * config.INTERVAL_MS / 1000)
    assert node.instance()["routers"][0]["counters"]["oversleeps"] == 0
