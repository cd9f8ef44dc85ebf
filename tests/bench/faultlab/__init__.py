"""Faults on a real pair of nodes: what is done to them, and what is measured meanwhile.

Used by tests/bench/faults (vipd beside keepalived) and by the lab's pass/fail tests.
"""
