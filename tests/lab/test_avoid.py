"""avoid: an instance gives way to a healthy peer while this node is master of another one."""

import pytest

from vipdlab import config
from vipdlab.config import VIP4

READER = "10.77.0.201"


def sections(priority):
    """The writer, and a reader that keeps away from it."""
    return (config.instance("writer", priority=priority),
            config.instance("reader", vrid=52, addresses=f"{READER}/24", priority=priority,
                            avoid="writer"))


def both(lab, writer, reader):
    lab.wait(lambda: lab[writer].holds(VIP4) and lab[reader].holds(READER), "they settle", 30)


@pytest.mark.lab(nodes=2)
def test_the_reader_keeps_away_from_the_writer_and_stays_when_nobody_else_is_there(lab):
    lab[1].start(*sections(150))
    both(lab, 1, 1)
    lab[2].start(*sections(100))
    both(lab, 1, 2)
    reader = lab[1].instance("reader")
    assert reader["priority_text"] == "1 (avoids writer, which is MASTER here)"
    assert (reader["effective_priority"], reader["base_priority"]) == (1, 150)
    lab.wait(lambda: lab[1].state("reader") == "BACKUP", "and the first has yielded")
    moves = len(lab[1].history("transition")) + len(lab[2].history("transition"))
    lab.never(lambda: not (lab[1].holds(VIP4) and lab[2].holds(READER)), "nor do they swing", 2)
    assert len(lab[1].history("transition")) + len(lab[2].history("transition")) == moves
    assert lab[1].vipctl("drain", "writer").returncode == 0
    both(lab, 2, 1)
    lab[1].kill()
    both(lab, 2, 2)


@pytest.mark.lab(nodes=1)
def test_a_reload_brings_it_and_takes_it_away(lab):
    writer, reader = sections(150)
    plain = config.instance("reader", vrid=52, addresses=f"{READER}/24", priority=150)
    lab[1].start(writer, plain)
    both(lab, 1, 1)
    for text, priority in ((reader, 1), (plain, 150)):
        lab[1].write(writer, text)
        assert lab[1].reload().returncode == 0
        lab.wait(lambda: lab[1].instance("reader")["effective_priority"] == priority, "it counts")
