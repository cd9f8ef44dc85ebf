"""The story: start, look, switch in every way there is, measure, tell."""

import json
import signal
import subprocess
import sys
import time

import lab as labs

SETTLE_S = 1.0


class Story:
    def __init__(self, lab, out):
        self.lab, self.out, self.rows = lab, out, []
        self.lb1, self.lb2 = lab.nodes
        self.client = lab.spawn(lab.client, sys.executable, f"{labs.HERE}/client.py", labs.ADDRESS,
                                log=f"{lab.directory}/client.log", stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def say(self, text):
        print(text, file=self.out, flush=True)

    def period(self):
        """What the client saw since the last call."""
        self.client.stdin.write("\n")
        self.client.stdin.flush()
        return json.loads(self.client.stdout.readline())

    def event(self, title, action, master, other_is):
        """Does it, waits until `master` alone is MASTER, and notes what the client noticed."""
        self.say(f"   {title} ...")
        time.sleep(SETTLE_S)
        self.period()
        time.sleep(SETTLE_S / 2)
        action()
        other = self.lb1 if master is self.lb2 else self.lb2
        self.lab.wait(lambda: master.state() == "MASTER", f"{master.name} is MASTER")
        self.lab.wait(lambda: other_is is None or other.state() == other_is,
                      f"{other.name} is {other_is}")
        time.sleep(SETTLE_S)
        self.rows.append({"event": title, "master": master.name, **self.period()})
        row = self.rows[-1]
        self.say(f"      {master.name} has it; longest gap {row['gap_ms']} ms, "
                 f"{row['requests_failed']} of {row['requests']} requests failed")

    def tell(self):
        lb1, lb2 = self.lb1, self.lb2
        self.event("planned hand-over (SIGTERM)", lambda: lb1.stop_vipd(signal.SIGTERM), lb2, None)
        self.event("fail-back (vipd started again)", lb1.start_vipd, lb1, "BACKUP")
        self.event("agent killed (SIGKILL)", lambda: lb1.stop_vipd(signal.SIGKILL), lb2, None)
        self.event("fail-back (vipd started again)", lb1.start_vipd, lb1, "BACKUP")
        self.event("node dead (cut from the switch)", lb1.cut, lb2, None)
        self.event("fail-back (node is back)", lb1.heal, lb1, "BACKUP")


def print_table(rows, out):
    heads = ("EVENT", "NOW MASTER", "GAP", "PROBES LOST", "REQUESTS", "FAILED")
    table = [heads] + [
        (r["event"], r["master"], f"{r['gap_ms']:.1f} ms", f"{r['probes_lost']} of {r['probes']}",
         str(r["requests"]), str(r["requests_failed"])) for r in rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    print(file=out)
    for row in table:
        cells = [c.ljust(w) if i < 2 else c.rjust(w)
                 for i, (c, w) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip(), file=out)
    print("\nGAP: longest time without an answer to a UDP probe sent every 1 ms."
          "\nREQUESTS: HTTP, each on a new connection, about 200 a second.", file=out)


def print_keep(lab, out):
    print("\nThe lab stays up. Look around:", file=out)
    for node in lab.nodes:
        print(f"  {labs.VIPCTL} --control {node.control} status\n"
              f"  {labs.VIPCTL} --control {node.control} history\n"
              f"  sudo ip netns exec {node.namespace} ip addr show eth0\n"
              f"  {node.directory}/vipd.conf, vipd.log", file=out)
    print(f"  sudo ip netns exec {lab.client} curl http://{labs.ADDRESS}/\n"
          "Take it down:\n  sudo examples/quickstart --clean", file=out)


def play(lab, keep, as_json, out):
    print("== Making a switch, two nodes and a client; starting nginx, HAProxy and vipd", file=out)
    lab.build()
    lab.wait(lambda: [n.state() for n in lab.nodes] == ["MASTER", "BACKUP"],
             "lb1 is MASTER and lb2 BACKUP")
    for node in lab.nodes:
        print(f"\n$ vipctl status        # on {node.name}\n{node.status()}", file=out)
    print("== Switching under a client that never stops asking", file=out, flush=True)
    story = Story(lab, out)
    story.tell()
    print(f"\n$ vipctl history       # on lb2\n"
          + labs.run(labs.VIPCTL, "--control", lab.nodes[1].control, "history").stdout, end="",
          file=out)
    story.client.kill()
    if as_json:
        print(json.dumps(story.rows, indent=2))
    else:
        print_table(story.rows, out)
    if keep:
        lab.keep()
        print_keep(lab, out)


def main():
    arguments = set(sys.argv[1:])
    out = sys.stderr if "--json" in arguments else sys.stdout
    kept = labs.clean_kept()
    if "--clean" in arguments:
        print("Taken down." if kept else "Nothing was left.")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    lab, keep = labs.Lab(), "--keep" in arguments
    try:
        play(lab, keep, "--json" in arguments, out)
    except KeyboardInterrupt:
        keep = False
        sys.exit(130)
    except BaseException:
        keep = False
        raise
    finally:
        if not keep:
            lab.close()


if __name__ == "__main__":
    main()
