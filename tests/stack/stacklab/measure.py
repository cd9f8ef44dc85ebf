"""What a fault costs a client: the figures of the examples' READMEs (`pytest -s` prints them)."""


def since(load, mark, what):
    """The Result of what has happened since the mark, printed."""
    result = load.since(mark)
    print(f"\n{what}: {result}")
    return result


def switch(load, what, act, to, instance="web"):
    """act() moves the address to that host; the Result of it all, once it is served again."""
    mark = load.mark()
    act()
    to.wait_state("MASTER", instance)
    load.wait_served()
    return since(load, mark, what)


def assert_planned(result):
    """A planned hand-over fails no request: what it cuts is sent again, once."""
    began = result.requests[0].begun if result.requests else 0
    failed = [(f"{(r.begun - began) * 1000:.0f} ms", r) for r in result.failed]
    assert not failed, f"{result}: {failed}"
