"""The timeline of one tier as SVG: each request, who had the address, who answered, what was down.

Colours are classes of the page's style sheet, so that a picture is right in the light and the dark.
"""

import html
import math

from . import figures

WIDTH, LEFT, RIGHT = 1120, 92, 12
TOP, PLOT, LANE, FOOT = 40, 132, 30, 26
FASTEST_S, SLOWEST_S = 0.001, 12.0
STEPS = (1, 2, 5, 10, 20, 30, 60)
GRID_S = ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "100 ms"), (1, "1 s"), (10, "10 s"))


class Picture:
    """tier: its name, nodes, address or None, `server` (the field of a request that names who of
    them answered it, or None), begin and end."""

    def __init__(self, tier, turn):
        self.tier, self.turn = tier, turn
        self.begin, self.end = tier["begin"], tier["end"]
        self.faults = [f for f in turn["faults"] if f["tier"] == tier["name"]]
        self.requests = [r for r in turn["requests"] if self.begin <= r.began <= self.end]
        self.height = TOP + PLOT + 14 + LANE * len(tier["nodes"]) + FOOT
        self.parts = []

    def x(self, when):
        share = (min(max(when, self.begin), self.end) - self.begin) / (self.end - self.begin)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    @staticmethod
    def y(seconds):
        span = math.log(SLOWEST_S / FASTEST_S)
        share = math.log(min(max(seconds, FASTEST_S), SLOWEST_S) / FASTEST_S) / span
        return round(TOP + PLOT - 4 - share * (PLOT - 26) - 14, 1)

    def add(self, text):
        self.parts.append(text)

    def text(self, x, y, kind, text, anchor="start"):
        self.add(f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">'
                 f"{html.escape(text)}</text>")

    def box(self, begin, end, y, height, kind, title="", round_by=0):
        x = self.x(begin)
        width = max(round(self.x(end) - x, 1), 1)
        inner = f"<title>{html.escape(title)}</title>" if title else ""
        self.add(f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{round_by}" '
                 f'class="{kind}">{inner}</rect>')

    def scales(self):
        self.box(self.begin, self.end, TOP, PLOT, "plot")
        for seconds, name in GRID_S:
            y = self.y(seconds)
            self.add(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" class="grid"/>')
            self.text(LEFT - 6, y + 3.5, "scale", name, "end")
        length = self.end - self.begin
        step = next((s for s in STEPS if length / s <= 14), STEPS[-1])
        second = math.ceil(self.begin - self.turn["began"])
        while second <= self.end - self.turn["began"]:
            if second % step == 0:
                x = self.x(self.turn["began"] + second)
                y = self.height - FOOT
                self.add(f'<path d="M{x} {TOP}V{y}" class="grid"/>')
                self.text(x, y + 16, "scale", f"{second} s", "middle")
            second += 1

    def fault_bands(self):
        for fault in self.faults:
            kind = "planned" if fault["planned"] else "unplanned"
            title = f"{fault['number']}: {fault['fault']}"
            bottom = self.height - FOOT
            self.box(fault["at"], fault["mended"], TOP, bottom - TOP, f"band {kind}", title)
            x = self.x(fault["at"])
            self.add(f'<path d="M{x} {TOP - 6}V{bottom}" class="edge {kind}"/>')
            self.add(f'<circle cx="{x}" cy="{TOP - 16}" r="10" class="mark {kind}"/>')
            self.text(x, TOP - 12, "number", str(fault["number"]), "middle")

    def dots(self):
        """One path a kind: a dot is a line of no length with round ends."""
        for kind in (*figures.KINDS, "login"):
            data = "".join(f"M{self.x(r.began)} {self.y(r.seconds)}h0"
                           for r in self.requests if r.kind == kind and r.well)
            if data:
                self.add(f'<path d="{data}" class="dot {kind}"/>')
        again = "".join(f"M{self.x(r.began)} {self.y(r.seconds)}m-3 0h6m-3-3v6"
                        for r in self.requests if r.well and r.sent > 1)
        if again:
            self.add(f'<path d="{again}" class="again"/>')
        for request in self.requests:
            if not request.well:
                x, y = self.x(request.began), self.y(request.seconds)
                self.add(f'<path d="M{x - 4} {y - 4}l8 8m0-8l-8 8" class="failed"><title>'
                         f"{request.kind} failed: {html.escape(str(request.status))}, after "
                         f"{request.seconds:.2f} s</title></path>")

    def lanes(self):
        changes = self.turn["holders"].get(self.tier["address"], [])
        for index, node in enumerate(self.tier["nodes"]):
            y = TOP + PLOT + 14 + index * LANE
            self.text(LEFT - 6, y + 15, "node", node, "end")
            self.box(self.begin, self.end, y, LANE - 6, "lane")
            for begin, end in held(changes, node, self.end):
                if end >= self.begin and begin <= self.end:
                    self.box(begin, end, y + 2, LANE - 16, f"holds n{index + 1}",
                             f"{node} has {self.tier['address']} for {end - begin:.2f} s", 2)
            for fault in self.faults:
                if fault["node"] == node:
                    self.box(fault["at"], fault["mended"], y + LANE - 13, 3,
                             f"away {'planned' if fault['planned'] else 'unplanned'}",
                             f"{fault['number']}: {fault['fault']}")
            self.served(node, index, y)

    def served(self, node, index, y):
        if self.tier["server"]:
            data = "".join(f"M{self.x(r.ended)} {y + LANE - 8}v-5" for r in self.requests
                           if r.well and getattr(r, self.tier["server"]) == node)
            if data:
                self.add(f'<path d="{data}" class="tick n{index + 1}"/>')

    def gaps(self):
        """The longest gap of each fault, where it was."""
        for fault in self.faults:
            begin, end = fault["gap_at"]
            if fault["gap_ms"] >= 100:
                y = TOP + PLOT - 7
                x = self.x(end)
                self.add(f'<path d="M{self.x(begin)} {y - 3}v6m0-3H{x}m0-3v6" class="gap"/>')
                self.text(x + 4, y + 3.5, "gap-text", f"{fault['gap_ms']:.0f} ms")

    def svg(self):
        self.scales()
        self.fault_bands()
        self.lanes()
        self.dots()
        self.gaps()
        name = html.escape(self.tier["name"])
        return (f'<svg viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}" '
                f'role="img" aria-label="Timeline: {name}">' + "".join(self.parts) + "</svg>")


def held(changes, node, end):
    """The stretches in which the node had the address. changes: [(when, names)]."""
    found, since = [], None
    for when, names in changes:
        if node in names and since is None:
            since = when
        elif node not in names and since is not None:
            found.append((since, when))
            since = None
    if since is not None:
        found.append((since, end))
    return found
