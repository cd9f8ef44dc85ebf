"""report.html: one file that needs nothing else, for somebody who decides whether to trust it."""

import html
import os
import time

from . import figures
from .picture import Picture
from .story import how_it_ended

HERE = os.path.dirname(os.path.abspath(__file__))

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>vipd: a site and its faults</title>
<style>
{style}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""

WAY = (("client", ""), ("{web}", "vip"), ("HAProxy lb1, lb2", ""), ("nginx web1, web2", ""),
       ("application app1, app2", ""), ("{database}", "vip"), ("MariaDB db1, db2", ""))
SIDE_WAY = (("application app1, app2", ""), ("{cache}", "vip"), ("Redis cache1, cache2", ""))


def escaped(value):
    return html.escape(str(value))


def duration(ms):
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.0f} ms"


def tally(turn, planned):
    faults = [f for f in turn["faults"] if f["planned"] is planned]
    return (len(faults), sum(f["failed"] for f in faults),
            max((f["gap_ms"] for f in faults), default=0.0))


def good_if(condition):
    return "good" if condition else "bad"


def counted(count, noun):
    return f"{count} {noun}" + ("" if count == 1 else "s")


def sums(turn):
    requests = turn["requests"]
    acked = len(figures.acknowledged(requests))
    lost = len(turn["lost"])
    failed = sum(not r.well for r in requests)
    planned, planned_failed, planned_gap = tally(turn, True)
    unplanned, unplanned_failed, unplanned_gap = tally(turn, False)
    cells = [
        (f"{lost}", f"of {acked:,} acknowledged writes lost", good_if(not lost)),
        (f"{planned_failed}", f"failed requests in {counted(planned, 'planned change')}",
         good_if(not planned_failed)),
        (f"{unplanned_failed}", f"failed requests in {counted(unplanned, 'breakdown')}", ""),
        (duration(planned_gap), "longest gap, planned", ""),
        (duration(unplanned_gap), "longest gap, breakdown", ""),
        (f"{failed} of {len(requests):,}", "requests failed in all", ""),
    ]
    return '<ul class="sums">' + "".join(
        f'<li><b class="{kind}">{escaped(value)}</b><span>{escaped(text)}</span></li>'
        for value, text, kind in cells) + "</ul>"


def way(stations, addresses):
    return '<ul class="way">' + "".join(
        f'<li class="{kind}">{escaped(text.format(**addresses))}</li>'
        for text, kind in stations) + "</ul>"


def cell(name, value, kind="figure", bad=False):
    text = f'<span class="bad">{escaped(value)}</span>' if bad else escaped(value)
    label = f' data-name="{escaped(name)}"' if name else ""
    return f'<td class="{kind}"{label}>{text}</td>'


def table_row(fault, is_first):
    kind = "planned" if fault["planned"] else "unplanned"
    remark = ", ".join(fault["failed_as"])
    if fault["unfinished"]:
        end = f"{how_it_ended(fault)}: {fault['unfinished']}"
        remark = ", ".join(part for part in (end, remark) if part)
    return (
        f'<tr{" class=first" if is_first else ""}>'
        f'<td class="which"><span class="badge {kind}">{fault["number"]}</span></td>'
        + cell("", fault["tier"], "which")
        + f"<td class=\"fault\">{escaped(fault['fault'])}"
        + (f"<small>{escaped(remark)}</small>" if remark else "") + "</td>"
        + cell("longest gap", duration(fault["gap_ms"]))
        + cell("slowest answer", duration(fault["slowest_ms"]))
        + cell("failed requests", f"{fault['failed']} of {fault['requests']}",
               bad=fault["failed"] > 0)
        + cell("sent again", fault["again"])
        + cell("acknowledged writes lost", f"{len(fault['lost'])} of {fault['acknowledged']}",
               bad=bool(fault["lost"]))
        + "</tr>")


def table(turn):
    heads = ("", "Component", "Fault", "Longest gap", "Slowest answer", "Failed requests",
             "Sent again", "Acknowledged writes lost")
    figure = 3 * ("",) + 5 * (" class=figure",)
    rows, before = [], None
    for fault in turn["faults"]:
        rows.append(table_row(fault, before not in (None, fault["tier"])))
        before = fault["tier"]
    return ('<div class="wide"><table><thead><tr>'
            + "".join(f"<th{kind}>{head}</th>" for head, kind in zip(heads, figure))
            + "</tr></thead><tbody>" + "\n".join(rows) + "</tbody></table></div>")


def left_out(turn):
    """Nothing, when all there is was tried."""
    if not turn["left_out"]:
        return ""
    return ('<p class="bad"><b>Not tried</b></p><ul>' + "".join(
        f"<li>{escaped(f['tier'])}: {escaped(f['fault'])} ({escaped(f['why'])})</li>"
        for f in turn["left_out"]) + "</ul>")


def key(tier):
    entries = [("--read", "read"), ("--write", "write"), ("--login", "login")]
    names = tier["nodes"]
    what = f"has {tier['address']}" if tier["address"] else "answers"
    entries += [(f"--n{i + 1}", f"{name} {what}") for i, name in enumerate(names)]
    entries += [("--plan", "planned, from fault to mended"),
                ("--bad", "breakdown, from fault to mended; ×: request failed; +: sent again")]
    return '<ul class="key">' + "".join(
        f'<li><i style="background:var({colour})"></i>{escaped(text)}</li>'
        for colour, text in entries) + "</ul>"


def section(tier, turn):
    return (f"<section><h2>{escaped(tier['name'])}</h2>"
            f"<p class=\"soft\">{escaped(tier['about'])}</p>" + key(tier)
            + f'<div class="wide" tabindex="0">{Picture(tier, turn).svg()}</div></section>')


def verdict(turn):
    planned_failed = tally(turn, True)[1]
    lost = len(turn["lost"])
    first = ("No acknowledged write was lost" if not lost else
             f"{lost} acknowledged write{'s were' if lost > 1 else ' was'} lost")
    if len(turn["looked_at"]) < 2:
        first += " as far as the databases could be asked"
    second = ("no request failed while anything was taken out on purpose" if not planned_failed
              else f"{planned_failed} failed while something was taken out on purpose")
    stuck = [f"{f['tier']}, {f['fault']}" for f in turn["faults"] if f["stuck"]]
    third = f" Did not come back in time: {'; '.join(stuck)}." if stuck else ""
    return f"{first}, and {second}.{third}"


def page(turn):
    with open(f"{HERE}/report.css", encoding="utf-8") as file:
        style = file.read()
    when = time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(turn["began"]))
    addresses = turn["addresses"]
    body = [
        "<h1>A whole site, and everything in it killed once</h1>",
        f'<p class="soft">{escaped(when)}, {turn["ended"] - turn["began"]:.0f} s, '
        f'{escaped(turn["machine"])}</p>',
        f"<p><b>{escaped(verdict(turn))}</b> A client asked all the time: "
        f"{turn['per_second']:g} reads and {turn['per_second']:g} writes a second, each on a "
        "connection of its own. Meanwhile each component was taken out on purpose, and broken in "
        "turn, and mended again.</p>",
        sums(turn), way(WAY, addresses), way(SIDE_WAY, addresses),
        "<h2>What each fault cost</h2>", table(turn), left_out(turn),
        '<p class="soft">Longest gap: the longest time in which no read, or no write, was answered '
        "well by anybody (without any fault it is a few times the distance of two requests, "
        f"{1000 / turn['per_second']:.0f} ms). Slowest answer: what the unluckiest of those "
        "waited who were answered well. Sent again: the connection was refused or cut, and a "
        "second one brought a good answer, as with a browser. Failed: no good answer. Acknowledged "
        "writes lost: told &ldquo;stored&rdquo;, and not in the database when the fault was mended."
        "</p>",
        *(section(tier, turn) for tier in turn["tiers"]),
        "<h2>How this came about</h2>",
        "<p>All on one machine: each server has a network namespace, its own files over the root "
        "and the configuration shown in <code>examples/site</code>; one switch between them. "
        "A picture's upper part has one dot for each request, at the time it was asked and as high "
        "as its answer took; the lower part has who held the floating address, as read from the "
        "kernels every 20 ms, and a tick for each request a server had a part in.</p>",
        f"<p>{escaped(turn['monitored'])}. Every acknowledged write was looked for on "
        f"{escaped(' and '.join(turn['looked_at']) or 'no database')}.</p>",
        '<ul class="soft">' + "".join(f"<li>{escaped(line)}</li>" for line in turn["versions"])
        + "</ul>",
    ]
    return PAGE.format(style=style, body="\n".join(body))
