"""A stand-in for systemd on a D-Bus of its own: started as a program it takes StartUnit, StopUnit
and RestartUnit calls, notes them, and answers as the file `answer` says. What is restarted is run as
vipd-hook@NAME.service is, when the file `hooks` says how, and its end is told of as systemd does."""

import json
import os
import signal
import subprocess
import sys

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""


class ServiceManager:
    """The bus and the manager, as processes that the lab ends."""

    def __init__(self, lab, directory):
        self.lab, self.directory = lab, f"{directory}/dbus"
        os.mkdir(self.directory)
        self.socket = f"{self.directory}/bus"
        self.calls_file = f"{self.directory}/calls"
        with open(f"{self.directory}/bus.conf", "w", encoding="utf-8") as file:
            file.write(BUS_CONFIG.format(socket=self.socket))
        self.env = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.socket}"}
        self.bus = None

    def start_bus(self):
        """The bus alone."""
        self.bus = self.lab.keep(subprocess.Popen(
            ["dbus-daemon", f"--config-file={self.directory}/bus.conf", "--nofork", "--nopidfile"],
            stderr=subprocess.DEVNULL))
        self.lab.wait(lambda: os.path.exists(self.socket), "the bus listens")

    def start(self):
        """Returns once it would take calls."""
        self.start_bus()
        manager = self.lab.keep(subprocess.Popen(
            [sys.executable, __file__, self.directory], env={**os.environ, **self.env},
            stdout=subprocess.PIPE, text=True))
        assert manager.stdout.readline() == "ready\n"
        return self

    def stop(self):
        """The manager ends with its bus."""
        self.bus.kill()
        self.bus.wait()
        os.unlink(self.socket)

    def answer(self, how):
        """From now on: "ok", "deny", "unknown" (no such unit), or "later" (not before the next)."""
        with open(f"{self.directory}/answer.new", "w", encoding="utf-8") as file:
            file.write(how)
        os.rename(f"{self.directory}/answer.new", f"{self.directory}/answer")

    def run_hooks(self, *command):
        """What vipd-hook@NAME.service runs, but for the NAME behind it."""
        with open(f"{self.directory}/hooks", "w", encoding="utf-8") as file:
            json.dump(command, file)

    def calls(self):
        """Lines like "StartUnit vipd-master@web.target replace"."""
        try:
            with open(self.calls_file, encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


def serve(directory):
    # Here, so that a lab without D-Bus for Python can load this module.
    import dbus
    import dbus.mainloop.glib
    import dbus.service
    from gi.repository import GLib

    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    name = dbus.service.BusName("org.freedesktop.systemd1", bus)

    def answer_file():
        try:
            with open(f"{directory}/answer", encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return "ok"

    def reply(done, failed):
        how = answer_file()
        if how == "later":
            GLib.timeout_add(20, reply, done, failed)
        elif how == "deny":
            failed(dbus.DBusException("Access denied", name="org.freedesktop.DBus.Error."
                                      "AccessDenied"))
        elif how == "unknown":
            failed(dbus.DBusException("not loaded", name="org.freedesktop.systemd1.NoSuchUnit"))
        else:
            done(dbus.ObjectPath("/org/freedesktop/systemd1/job/1"))

    class Unit(dbus.service.Object):
        """A unit of a hook, and its process."""

        def __init__(self, manager, unit):
            path = "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in unit)
            super().__init__(bus, "/org/freedesktop/systemd1/unit/" + path)
            self.manager, self.unit, self.process, self.job, self.stopped = manager, unit, None, 0, False
            self.code, self.status = 0, 0

        @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="s",
                             out_signature="a{sv}")
        def GetAll(self, interface):
            assert interface == "org.freedesktop.systemd1.Service"
            return {"ExecMainCode": dbus.Int32(self.code), "Type": "oneshot",
                    "ExecMainStatus": dbus.Int32(self.status)}

        def start(self, job):
            with open(f"{directory}/hooks", encoding="utf-8") as file:
                command = json.load(file)
            name = self.unit.split("@", 1)[1].removesuffix(".service")
            self.job, self.stopped = job, False
            with open(f"{directory}/output", "a", encoding="utf-8") as output:
                self.process = subprocess.Popen([*command, name], env={"SECRET": "of systemd"}, stdout=output,
                                                stderr=output, start_new_session=True)
            GLib.timeout_add(10, self.look)

        def look(self):
            if self.process.poll() is None:
                return True
            status = self.process.returncode
            self.code, self.status = (1, status) if status >= 0 else (2, -status)
            self.process = None
            result = "canceled" if self.stopped else "done" if status == 0 else "failed"
            self.manager.JobRemoved(self.job, f"/org/freedesktop/systemd1/job/{self.job}", self.unit, result)
            return False

        def stop(self):
            self.stopped = True
            os.killpg(self.process.pid, signal.SIGKILL)

    class Manager(dbus.service.Object):
        units, jobs = {}, 1000

        @dbus.service.signal("org.freedesktop.systemd1.Manager", signature="uoss")
        def JobRemoved(self, number, job, unit, result):
            pass

        @dbus.service.method("org.freedesktop.systemd1.Manager", in_signature="ss",
                             out_signature="o", async_callbacks=("done", "failed"))
        def RestartUnit(self, unit, mode, done, failed):
            self.note(f"RestartUnit {unit} {mode}")
            if answer_file() != "ok":
                reply(done, failed)
                return
            unit = str(unit)
            Manager.jobs += 1
            if unit not in self.units:
                self.units[unit] = Unit(self, unit)
            assert self.units[unit].process is None
            done(dbus.ObjectPath(f"/org/freedesktop/systemd1/job/{Manager.jobs}"))
            self.units[unit].start(Manager.jobs)

        def note(self, text):
            with open(f"{directory}/calls", "a", encoding="utf-8") as file:
                file.write(text + "\n")

        @dbus.service.method("org.freedesktop.systemd1.Manager", in_signature="ss",
                             out_signature="o", async_callbacks=("done", "failed"))
        def StartUnit(self, unit, mode, done, failed):
            self.note(f"StartUnit {unit} {mode}")
            reply(done, failed)

        @dbus.service.method("org.freedesktop.systemd1.Manager", in_signature="ss",
                             out_signature="o", async_callbacks=("done", "failed"))
        def StopUnit(self, unit, mode, done, failed):
            self.note(f"StopUnit {unit} {mode}")
            if unit in self.units and self.units[unit].process is not None:
                self.units[unit].stop()
            reply(done, failed)

    Manager(name, "/org/freedesktop/systemd1")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(sys.argv[1])
