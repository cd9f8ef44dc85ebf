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


def align(rows):
    """The first column to the left, the others to the right."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                  for i, (text, width) in enumerate(zip(row, widths))).rstrip() for row in rows)


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
    return align(rows)


def notes(faults, outcomes):
    coarsest = max((o.coarsest_s for o in outcomes), default=0.0)
    lines = [
        "Longest time in milliseconds, the worst of all repetitions. NO HOLDER and TWO count nodes "
        "that can be reached; TWO",
        "includes the moment in which the old holder still answers while the new one announces "
        "itself (make before break).",
        "CLIENT GAP: from the first lost probe to the next answered one, a probe every 2 ms. "
        "`!`: not as before 15 s after the end.",
        f"Holders were asked every millisecond; on this machine the longest time between two looks "
        f"was {milliseconds(coarsest)} ms.",
    ]
    seen = {o.fault for o in outcomes}
    lines += [f"{fault.name:16} {fault.text}" for fault in faults if fault.name in seen]
    return "\n".join(lines)


def cycles_table(results, seed):
    """results: product -> cycles. One line for each kind of fault, the worst of all cycles."""
    names = sorted({cycle.action for done in results.values() for cycle in done})
    rows = [["", ""] + [text for product in results for text in (product, "", "", "")],
            ["CYCLES", "NUMBER"] + ["NO HOLDER", "TWO", "CLIENT GAP", "NOT SETTLED"] * len(results)]
    for name in names + [""]:
        rows.append([name or "all", ""])
        for done in results.values():
            own = [cycle for cycle in done if name in ("", cycle.action)]
            rows[-1][1] = str(max(len(own), int(rows[-1][1] or 0)))
            rows[-1] += [milliseconds(max((c.none_s for c in own), default=0)),
                         milliseconds(max((c.two_s for c in own), default=0)),
                         milliseconds(max((c.client_s for c in own), default=0)),
                         str(sum(not c.settled for c in own))]
    return f"{align(rows)}\n\nLongest time in milliseconds, seed {seed}."
