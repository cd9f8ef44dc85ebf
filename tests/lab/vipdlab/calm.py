"""Promises of no lost packet and of adverts in time, judged on a machine that may be busy with
something else."""

from disturbed import LateTimers

OVERSLEPT = "this node did not run for"
TRIES = 4


def _stalls(lab):
    return sum(node.log_text().count(OVERSLEPT) for node in lab.nodes)


def assert_lossless(lab, attempt):
    """attempt() does what must not lose a packet and returns the ProbeResult. It may be wanting
    once; a try in which the machine stood still for longer than a master-down interval (the agents
    say so) does not count at all."""
    failures = []
    for _ in range(TRIES):
        before = _stalls(lab)
        result = attempt()
        if result.lost == []:
            return result
        if _stalls(lab) == before:
            failures.append(str(result))
        if len(failures) == 2:
            break
    raise AssertionError("; ".join(failures) or "the machine stands still again and again")


def assert_steady(adverts, limit_s):
    """No two neighbours of these adverts are as far apart as that. Twice as late as a bare real-time
    timer was at that time (tests/load) they may be: once the agent, once who passes them on."""
    times = [f.time for f in adverts]
    assert len(times) > 1, "no two adverts"
    for begin, end in zip(times, times[1:]):
        if end - begin >= limit_s:
            late_s = LateTimers().worst_s(begin, end)
            assert end - begin < limit_s + 2 * late_s, \
                f"{end - begin:.3f} s without an advert; a bare timer was {late_s:.3f} s late"
