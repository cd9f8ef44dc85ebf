"""A promise of no lost packet, judged on a machine that may be busy with something else."""

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
