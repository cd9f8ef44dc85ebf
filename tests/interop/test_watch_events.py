"""The events on the screen of `vipctl watch`: what is red, and what lines up."""

import pytest

from test_watch import EVENT, agent, terminal  # pylint: disable=unused-import


@pytest.mark.parametrize("reason, red", [("drained", False), ("stopped", False),
                                         ("link-down", True), ("check-failed", True)])
def test_planned_moves_are_not_red(agent, terminal, reason, red):
    screen = terminal(agent.path)
    agent.status["instances"][0].update(state="INIT", held_by=[reason])
    if not red:
        agent.status["instances"][0].update(drained={"since": None, "left_ms": None})
    agent.events = [{**EVENT, "from": "MASTER", "to": "INIT", "reason": reason, "text": "so it is"}]
    screen.sees("so it is")
    screen.sees("INIT (drained)" if not red else f"INIT ({reason})")
    assert ("\033[31m" in screen.colours() or "\033[1;31m" in screen.colours()
            or "\033[1m\033[31m" in screen.colours()) == red


def test_columns_of_events_line_up(agent, terminal):
    agent.events = [EVENT, {**EVENT, "instance": "a-long-name", "from": "MASTER", "to": "INIT"},
                    {"at": EVENT["at"], "event": "started", "text": "no advert"}]
    screen = terminal(agent.path)
    screen.sees("a-long-name")
    ends = {line.index("no advert") for line in screen.lines() if "no advert" in line}
    assert len(ends) == 1, screen.text()
