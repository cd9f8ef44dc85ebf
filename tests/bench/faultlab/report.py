"""The table: one fault a line, what was measured with each product side by side."""

COLUMNS = ("none_s", "two_s", "client_s")


def milliseconds(seconds):
    return f"{seconds * 1000:,.0f}"


def worst(outcomes):
    """The worst of the repetitions, figure by figure; None when there is none."""
    if not outcomes:
        return None
    return {column: max(getattr(o, column) for o in outcomes) for column in COLUMNS}


def cells(outcomes):
    figures = worst(outcomes)
    if figures is None:
        return ["-"] * len(COLUMNS)
    texts = [milliseconds(figures[column]) for column in COLUMNS]
    if not all(o.healed for o in outcomes):
        texts[0] += "!"
    return texts


def table(faults, outcomes):
    """faults: in order; outcomes: all of them."""
    rows = [["", "", "vipd", "", "", "keepalived", "", ""],
            ["FAULT", "LASTS s"] + ["NO HOLDER", "TWO", "CLIENT GAP"] * 2]
    for fault in faults:
        own = [o for o in outcomes if o.fault == fault.name]
        if not own:
            continue
        rows.append([fault.name, f"{max(o.lasted_s for o in own):.1f}"]
                    + cells([o for o in own if o.product == "vipd"])
                    + cells([o for o in own if o.product == "keepalived"]))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                       for i, (text, width) in enumerate(zip(row, widths))).rstrip()
             for row in rows]
    return "\n".join(lines)


def notes(faults, outcomes):
    coarsest = max((o.coarsest_s for o in outcomes), default=0.0)
    lines = [
        "Longest time in milliseconds, the worst of all repetitions. NO HOLDER and TWO count nodes "
        "that can be reached; TWO",
        "includes the moment in which the old holder still answers while the new one announces "
        "itself (make before break).",
        "CLIENT GAP: from the first lost probe to the next answered one, a probe every 2 ms. "
        "`!`: not as before 15 s after the end.",
        f"Holders were asked every millisecond; the longest time between two looks was "
        f"{milliseconds(coarsest)} ms.",
    ]
    seen = {o.fault for o in outcomes}
    lines += [f"{fault.name:16} {fault.text}" for fault in faults if fault.name in seen]
    return "\n".join(lines)
