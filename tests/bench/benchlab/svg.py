"""Charts as SVG, written by hand: lines over a logarithmic axis, readable in light and in dark."""

import math
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 480, 330
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 76, 44
LEGEND_TOP, LEGEND_STEP = 34, 15
STYLE = """
  svg { --paper: #ffffff; --ink: #24292f; --faint: #d0d7de; --quiet: #57606a;
        --vipd: #0969da; --keepalived: #bc4c00; --bare: #6e7781; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --faint: #30363d; --quiet: #9198a1;
          --vipd: #58a6ff; --keepalived: #f0883e; --bare: #9198a1; }
  }
  text { font: 12px sans-serif; fill: var(--ink); }
  .title { font-weight: bold; font-size: 13px; }
  .small { font-size: 11px; fill: var(--quiet); }
  .grid { stroke: var(--faint); stroke-width: 1; }
  .frame { fill: none; stroke: var(--quiet); stroke-width: 1; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
"""


@dataclass
class Line:
    """label: in the legend; colour: one of the style's; points: (x, y) in order of x."""
    label: str
    colour: str
    points: list
    dashed: bool = False
    dots: bool = True


@dataclass
class Panel:
    title: str
    x_label: str
    y_label: str
    lines: list = field(default_factory=list)
    x_log: bool = True
    y_log: bool = True
    y_range: tuple = None


def span(values, log):
    """The axis that shows all values: from and to."""
    low, high = min(values), max(values)
    if log:
        low, high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
        return (low, high * 10 if low == high else high)
    return (min(0, low), high if high > 0 else 1)


def ticks(low, high, log):
    if log:
        first, last = round(math.log10(low)), round(math.log10(high))
        step = max(1, (last - first) // 6)
        return [10 ** e for e in range(first, last + 1, step)]
    return [low + (high - low) * i / 4 for i in range(5)]


class Axis:
    def __init__(self, values, log, begin, end, fixed=None):
        self.log, self.begin, self.end = log, begin, end
        self.low, self.high = fixed or span(values, log)

    def at(self, value):
        low, high = self.low, self.high
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return self.begin + (self.end - self.begin) * (value - low) / (high - low)

    def ticks(self):
        return [(self.at(v), f"{v:,.6g}") for v in ticks(self.low, self.high, self.log)]


def usable(panel):
    """Without what a logarithm does not have."""
    return [[(x, y) for x, y in line.points
             if (x > 0 or not panel.x_log) and (y > 0 or not panel.y_log)]
            for line in panel.lines]


def draw(panel, offset):
    """The elements of one panel, `offset` pixels to the right."""
    every = usable(panel)
    points = [point for line in every for point in line]
    out = [f'<g transform="translate({offset},0)">',
           f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)}</text>']
    if points:
        x = Axis([p[0] for p in points], panel.x_log, LEFT, WIDTH - RIGHT)
        y = Axis([p[1] for p in points], panel.y_log, HEIGHT - BOTTOM, TOP, panel.y_range)
        out += draw_axes(panel, x, y)
        for line, own in zip(panel.lines, every):
            out += draw_line(line, own, x, y)
        out += draw_legend(panel)
    out.append("</g>")
    return out


def draw_axes(panel, x, y):
    out = []
    for at, text in x.ticks():
        out += [f'<path class="grid" d="M{at:.1f} {TOP}V{HEIGHT - BOTTOM}"/>',
                f'<text class="small" x="{at:.1f}" y="{HEIGHT - BOTTOM + 15}" '
                f'text-anchor="middle">{text}</text>']
    for at, text in y.ticks():
        out += [f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>',
                f'<text class="small" x="{LEFT - 6}" y="{at + 4:.1f}" '
                f'text-anchor="end">{text}</text>']
    out += [f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" '
            f'height="{HEIGHT - TOP - BOTTOM}"/>',
            f'<text class="small" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" '
            f'text-anchor="middle">{escape(panel.x_label)}</text>',
            f'<text class="small" transform="translate(13,{(TOP + HEIGHT - BOTTOM) / 2}) '
            f'rotate(-90)" text-anchor="middle">{escape(panel.y_label)}</text>']
    return out


def draw_line(line, points, x, y):
    placed = [(x.at(px), y.at(py)) for px, py in points]
    dash = ' stroke-dasharray="6 4"' if line.dashed else ""
    out = []
    if len(placed) > 1:
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in placed)
        out.append(f'<polyline class="line" stroke="var(--{line.colour})"{dash} points="{path}"/>')
    if line.dots:
        out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="var(--{line.colour})"/>'
                for px, py in placed]
    return out


def draw_legend(panel):
    out, at, down = [], LEFT, LEGEND_TOP
    for line in panel.lines:
        width = 36 + 6 * len(line.label)
        if at + width > WIDTH:
            at, down = LEFT, down + LEGEND_STEP
        dash = ' stroke-dasharray="6 4"' if line.dashed else ""
        out += [f'<path d="M{at} {down - 4}h20" stroke-width="2" '
                f'stroke="var(--{line.colour})"{dash}/>',
                f'<text class="small" x="{at + 24}" y="{down}">{escape(line.label)}</text>']
        at += width
    return out


def write(path, panels):
    """One picture with the panels beside each other."""
    width = WIDTH * len(panels)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
             f'width="{width}" height="{HEIGHT}" role="img">',
             f"<title>{escape(', '.join(panel.title for panel in panels))}</title>",
             f"<style>{STYLE}</style>",
             f'<rect width="{width}" height="{HEIGHT}" fill="var(--paper)"/>']
    for number, panel in enumerate(panels):
        parts += draw(panel, number * WIDTH)
    parts.append("</svg>\n")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(parts))
