"""Fixtures of the stack lab, which is built on the lab."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(__file__))

from stacklab.stack import Stack  # noqa: E402


@pytest.fixture
def make_stack():
    """make_stack("haproxy-pair"): a Stack that is taken down with the test; a vipd that does not end
    cleanly fails it. For a diagnosis in the report the Stack must be a fixture of the test file."""
    stacks = []

    def make(example):
        stacks.append(Stack(example))
        return stacks[-1]

    yield make
    complaints = [text for stack in stacks for text in stack.close()]
    assert not complaints, "\n".join(complaints)
