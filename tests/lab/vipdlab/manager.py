"""A stand-in for systemd on a D-Bus of its own: started as a program it takes StartUnit and
StopUnit calls, notes them, and answers as the file `answer` says."""

import os
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

    class Manager(dbus.service.Object):
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
            reply(done, failed)

    Manager(name, "/org/freedesktop/systemd1")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(sys.argv[1])
