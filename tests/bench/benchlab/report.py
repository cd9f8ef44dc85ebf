"""The results as text: the Markdown table, the JSON, and what stands above its limit."""

import json
import os
import platform
import subprocess

from . import targets
from .results import BARE, PRODUCTS

TARGETS_HEAD = ["measure", "target", "within it", "the case furthest from it", "vipd", "limit",
                "distance"]
HEAD = ["measure", "case", "figure", "vipd", "keepalived", "bare", "ratio", "limit", "to the limit"]


def number(value):
    """Three digits or so."""
    if value is None:
        return ""
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cell(row, product):
    """Median, in parentheses the maximum where it differs; marked when nothing was undisturbed."""
    median, maximum = row.median(product), row.maximum(product)
    if median is None:
        return ""
    text = number(median)
    if number(maximum) != text:
        text += f" ({number(maximum)})"
    return text + ("*" if row.is_disturbed(product) else "")


def verdict(row):
    if row.distance is None:
        return ""
    return f"{number(row.distance)} left" if row.distance >= 0 else \
        f"**{number(-row.distance)} above**"


def line(row):
    limit = "" if row.limit is None else f"{row.limit.text} ({row.limit.on})"
    return [row.measure, row.case, f"{row.name}, {row.unit}", cell(row, PRODUCTS[0]),
            cell(row, PRODUCTS[1]), cell(row, BARE), number(row.ratio), limit, verdict(row)]


def lines_of(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def table(results):
    return lines_of(HEAD, [line(row) for row in results.rows])


def target_line(target, results):
    rows = targets.rows_of(target, results)
    if not rows:
        return [target.measure, target.text, "not measured", "", "", "", ""]
    row = targets.furthest(rows)
    within = sum(r.distance >= 0 for r in rows)
    mark = "*" if row.is_disturbed(PRODUCTS[0]) else ""
    unit = "" if row.unit == "1" else f" {row.unit}"
    return [target.measure, target.text, f"{within} of {len(rows)}", row.case,
            f"{number(row.judged)}{unit}{mark}", f"{number(row.bound)}{unit}", verdict(row)]


def target_table(results):
    """Each target, and the case in which vipd is furthest from it."""
    return lines_of(TARGETS_HEAD, [target_line(target, results) for target in targets.TARGETS])


def machine():
    """What the figures were measured on."""
    keepalived = subprocess.run(["keepalived", "--version"], capture_output=True, text=True,
                                check=False).stderr.splitlines()
    return {"kernel": platform.release(), "architecture": platform.machine(),
            "cpus": os.cpu_count(), "keepalived": keepalived[0] if keepalived else "",
            "load_average": os.getloadavg()}


def markdown(results, plan, facts, load):
    above = [row for row in results.rows if row.distance is not None and row.distance < 0]
    judged = [row for row in results.rows if row.distance is not None]
    parts = [
        "# vipd beside keepalived",
        f"`tests/bench/run`, {plan.name}: Linux {facts['kernel']}, {facts['cpus']} CPUs "
        f"({facts['architecture']}), {facts['keepalived']}. Load average {load[0]:.1f} before and "
        f"{load[1]:.1f} after. Medians, in parentheses the maximum. `*`: in every turn the "
        "control, a bare real-time timer, was later than the measure can stand, or frames were "
        "not captured: no verdict on either.",
        f"{len(judged) - len(above)} of {len(judged)} figures with a limit are within it.",
        "## Targets", target_table(results), "## All figures", table(results)]
    if results.missing:
        parts.append("Not measured:\n\n" + "\n".join(f"* {text}" for text in results.missing))
    return "\n\n".join(parts) + "\n"


def write_json(path, results, plan, facts, load):
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"version": 1, "plan": plan.name, "machine": facts,
                   "load_average": {"before": load[0], "after": load[1]},
                   "rows": [row.as_dict() for row in results.rows],
                   "missing": results.missing}, file, indent=1)
        file.write("\n")
