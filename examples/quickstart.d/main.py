"""The story: start, look, switch in every way there is, measure, tell."""

import json
import signal
import subprocess
import sys
import time

import agents
import lab as labs
import node as nodes

SETTLE_S = 1.0
LEASE_WAIT_S = agents.LEASE_S + 3
SERVED_WAIT_S = 40  # a client that heard of no new master asks again after half a minute or so


def gap_text(row):
    return f"{'over ' if row['gap_open'] else ''}{row['gap_ms']:.1f} ms"


class Client:
    """Both programs that ask for the address all the time."""

    def __init__(self, lab):
        self.probe, self.web = self.programs = [
            lab.spawn(lab.client, sys.executable, f"{nodes.HERE}/{name}.py", nodes.ADDRESS,
                      log=f"{lab.directory}/{name}.log", stdin=subprocess.PIPE,
                      stdout=subprocess.PIPE, text=True)
            for name in ("probe", "web")]

    @staticmethod
    def _ask(programs, question):
        for program in programs:
            program.stdin.write(f"{question}\n")
            program.stdin.flush()
        answers = [program.stdout.readline() for program in programs]
        if not all(answers):
            raise RuntimeError("a program of the client has ended")
        return {key: value for answer in answers for key, value in json.loads(answer).items()}

    def served(self):
        return self._ask([self.probe], "served")["served"]

    def period(self):
        """What they saw since the last call."""
        return self._ask(self.programs, "period")


class Story:
    def __init__(self, lab, program, out):
        self.lab, self.program, self.out = lab, program, out
        self.rows, self.notes = [], []
        self.lb1, self.lb2 = lab.nodes
        self.client = Client(lab)

    def event(self, title, action, master, other_is=None, then=None):
        """Does it, waits until `master` is MASTER (and the other node what it has to be), and
        notes what the client noticed until it is served again."""
        print(f"   {title} ...", file=self.out, flush=True)
        time.sleep(SETTLE_S)
        self.client.period()
        time.sleep(SETTLE_S / 2)
        action()
        other = self.lb1 if master is self.lb2 else self.lb2
        self.lab.wait(lambda: master.agent.state() == "MASTER", f"{master.name} is MASTER")
        self.lab.wait(lambda: other_is is None or other.agent.state() == other_is,
                      f"{other.name} is {other_is}")
        if then:
            then()
        time.sleep(SETTLE_S)
        until = time.monotonic() + SERVED_WAIT_S
        while not self.client.served() and time.monotonic() < until:
            time.sleep(0.1)
        row = {"event": title, "master": master.name, **self.client.period()}
        self.rows.append(row)
        print(f"      {row['master']} has it; gap {gap_text(row)}, "
              f"{row['requests_failed']} of {row['requests']} requests failed", file=self.out,
              flush=True)

    def kill_and_watch(self):
        """Kills lb1's agent; the rest of the event sees how long its kernel keeps the address."""
        began = time.monotonic()
        self.lb1.agent.kill()

        def watch():
            until = began + LEASE_WAIT_S
            while self.lb1.has_address() and time.monotonic() < until:
                time.sleep(0.02)
            seconds = time.monotonic() - began
            self.notes.append(
                f"agent killed: after {LEASE_WAIT_S} s lb1 still had the address, like lb2"
                if self.lb1.has_address() else
                f"agent killed: lb1's kernel took the address away {seconds:.1f} s after the kill;"
                " until lb2\nannounced itself lb1 went on answering")

        self.watch = watch

    def tell(self):
        lb1, lb2, back = self.lb1, self.lb2, f"fail-back ({self.program} started again)"
        self.event("planned hand-over (SIGTERM)", lb1.agent.stop, lb2)
        self.event(back, lb1.agent.start, lb1, "BACKUP")
        self.event("agent killed (SIGKILL)", self.kill_and_watch, lb2,
                   then=lambda: self.watch())
        self.event(back, lb1.agent.start, lb1, "BACKUP")
        self.event("node dead (nothing leaves it)", lb1.cut, lb2)
        self.event("fail-back (node is back)", lb1.mend, lb1, "BACKUP")
        self.event("cable pulled (link down)", lb1.pull_cable, lb2)
        self.event("fail-back (link is up)", lb1.plug_cable, lb1, "BACKUP")
        skew_ms = (256 - lb2.priority) * agents.INTERVAL_MS / 256
        most_ms = 3 * agents.INTERVAL_MS + skew_ms
        self.notes.append(
            f"node dead, cable pulled: lb2 acts 3 intervals and a skew of {skew_ms:.0f} ms after"
            f" the last advert it\nheard, which is {most_ms - agents.INTERVAL_MS:.0f} to"
            f" {most_ms:.0f} ms after the event; advert-interval is {agents.INTERVAL_MS}ms here,"
            " 1s by default")


def print_table(story, out):
    heads = ("EVENT", "NOW MASTER", "GAP", "PROBES LOST", "REQUESTS", "FAILED")
    table = [heads] + [
        (r["event"], r["master"], gap_text(r), f"{r['probes_lost']} of {r['probes']}",
         str(r["requests"]), str(r["requests_failed"])) for r in story.rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    print(file=out)
    for row in table:
        cells = [c.ljust(w) if i < 2 else c.rjust(w)
                 for i, (c, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip(), file=out)
    spacing_ms = max(row["spacing_ms"] for row in story.rows)
    print("\nGAP: longest time without an answer to a UDP probe sent every 1 ms (this time at most "
          f"{spacing_ms} ms apart).\nREQUESTS: HTTP, one every 5 ms, each on a new connection; "
          "FAILED: no answer within 1 s.", file=out)
    for note in story.notes:
        print(f"{note}.", file=out)


def print_keep(lab, out):
    print("\nThe lab stays up. Look around, as root:", file=out)
    for node in lab.nodes:
        for command in (*node.agent.look_around(), f"ip -n {node.namespace} addr show eth0",
                        f"ip netns exec {node.namespace} bash    # files: {node.directory}"):
            print(f"  {command}", file=out)
    print(f"  ip netns exec {lab.client} curl http://{nodes.ADDRESS}/\n"
          "Take it down:\n  sudo examples/quickstart --clean", file=out)


def print_answer(node, answer, out):
    command, text = answer
    print(f"\n$ {command}        # on {node.name}\n{text.rstrip()}", file=out, flush=True)


def play(lab, arguments, out):
    program = "keepalived" if "--keepalived" in arguments else "vipd"
    print(f"== Making a switch, two nodes and a client; starting nginx, HAProxy and {program}",
          file=out, flush=True)
    lab.build(agents.Keepalived if program == "keepalived" else agents.Vipd)
    lab.wait(lambda: [n.agent.state() for n in lab.nodes] == ["MASTER", "BACKUP"],
             "lb1 is MASTER and lb2 BACKUP")
    for node in lab.nodes:
        print_answer(node, node.agent.status(), out)
    print("\n== Switching under a client that never stops asking", file=out, flush=True)
    story = Story(lab, program, out)
    story.tell()
    print_answer(lab.nodes[1], lab.nodes[1].agent.history(), out)
    for process in story.client.programs:
        process.kill()
    if "--json" in arguments:
        print(json.dumps({"agent": program, "events": story.rows, "notes": story.notes}, indent=2))
    else:
        print_table(story, out)
    if "--keep" in arguments:
        print_keep(lab, out)


def clean():
    taken, running = labs.clean()
    print(f"{taken} taken down" + (f", {running} still running" if running else ""))


def main():
    arguments = set(sys.argv[1:])
    if "--clean" in arguments:
        clean()
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, _: sys.exit(128 + n))
    lab, keep = labs.Lab(), False
    try:
        play(lab, arguments, sys.stderr if "--json" in arguments else sys.stdout)
        keep = "--keep" in arguments
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        print(f"examples/quickstart: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if not keep:
            lab.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
