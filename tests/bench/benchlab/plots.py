"""Which pictures are drawn of the results: each has vipd and keepalived in it."""

import re

from . import svg
from .results import BARE, PRODUCTS

LEAST_GAP_MS = 0.5  # the probe's: where "none" is drawn
UNPLANNED = ("killed", "interface down", "dead node")


def steps(values):
    """The share of values that are at most x, as corners of a staircase."""
    ordered = sorted(max(value, LEAST_GAP_MS) for value in values)
    points, below = [], 0.0
    for rank, value in enumerate(ordered, 1):
        points += [(value, below), (value, rank / len(ordered))]
        below = rank / len(ordered)
    return points


def gap_panel(results, interval_ms):
    panel = svg.Panel(f"Gap at {interval_ms} ms", "longest gap of a client, ms (0.5: none)",
                      "share of the moves", y_log=False, y_range=(0, 1))
    for product in PRODUCTS:
        for planned in (True, False):
            values = [value for row in results.find("gap", "longest gap")
                      if row.case.startswith(f"{interval_ms} ms, ")
                      and (row.case.split(", ")[1] not in UNPLANNED) == planned
                      for value in row.undisturbed(product)]
            if values:
                kind = "planned" if planned else "fault"
                panel.lines.append(svg.Line(f"{product}, {kind}", product, steps(values),
                                            dashed=not planned, dots=False))
    return panel


def sized(results, measure, name, pattern, product):
    """(size, median) of the rows whose case matches; its first group is the size."""
    points = []
    for row in results.find(measure, name):
        match = re.fullmatch(pattern, row.case)
        value = row.median(product)
        if match and value is not None:
            points.append((int(match[1].replace(",", "")), value))
    return sorted(points)


def size_panel(results, title, labels, lines):
    """lines: (label, product, dashed, (measure, name, pattern))."""
    panel = svg.Panel(title, *labels)
    for label, product, dashed, where in lines:
        points = sized(results, *where, product)
        if points:
            panel.lines.append(svg.Line(label, product, points, dashed))
    return panel


def claim_panels(results):
    panels = []
    for family in ("IPv4", "IPv6"):
        pattern = rf"([\d,]+) {family} address(?:es)?"
        lines = [(f"{product}, installed", product, False, ("claim", "last installed", pattern))
                 for product in (*PRODUCTS, BARE)]
        lines += [(f"{product}, announced", product, True, ("claim", "last announced", pattern))
                  for product in PRODUCTS]
        panels.append(size_panel(results, f"Claim, {family}", ("addresses", "ms"), lines))
    return panels


def cost_panels(results, name, unit):
    intervals = sorted({int(row.case.split(" x ")[1].split()[0])
                        for row in results.find("cost", name)})
    panels = []
    for interval_ms in intervals:
        lines = [(f"{product}, {role}", product, role == "backup",
                  ("cost", name, rf"(\d+) x {interval_ms} ms, {role}"))
                 for product in PRODUCTS for role in ("master", "backup")]
        panels.append(size_panel(results, f"{name} at {interval_ms} ms", ("instances", unit),
                                 lines))
    return panels


def draw(results, directory):
    """Writes the pictures for which there is something to show; returns their names."""
    intervals = sorted({int(row.case.split(" ")[0]) for row in results.find("gap")})
    pictures = {
        "gap.svg": [gap_panel(results, interval_ms) for interval_ms in intervals],
        "claim.svg": claim_panels(results),
        "cpu.svg": cost_panels(results, "cpu", "CPU s/min"),
        "memory.svg": cost_panels(results, "pss", "PSS, MiB"),
    }
    written = []
    for name, panels in pictures.items():
        panels = [panel for panel in panels if panel.lines]
        if panels:
            svg.write(f"{directory}/{name}", panels)
            written.append(name)
    return written
