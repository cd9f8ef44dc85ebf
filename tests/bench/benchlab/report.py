"""The results as text: the Markdown table, the JSON, and what stands above its limit."""

import json
import os
import platform
import subprocess

from .results import BARE, PRODUCTS

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


def table(results):
    lines = [HEAD, ["---"] * len(HEAD)] + [line(row) for row in results.rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


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
        "control, a bare real-time timer, was later than the measure can stand: no verdict on "
        "either.",
        f"{len(judged) - len(above)} of {len(judged)} figures with a limit are within it.",
        table(results)]
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
