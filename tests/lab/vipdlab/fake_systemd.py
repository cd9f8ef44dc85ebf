"""org.freedesktop.systemd1 with one unit: its ActiveState is read from stdin, a word a line.

As the real one it tells of changes by signal, and only after somebody has called Subscribe.
"""

import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

UNIT_INTERFACE = "org.freedesktop.systemd1.Unit"
PROPERTIES = "org.freedesktop.DBus.Properties"


def unit_path(name):
    """As sd_bus_path_encode() makes it."""
    encoded = "".join(c if c.isalnum() else f"_{ord(c):02x}" for c in name)
    return "/org/freedesktop/systemd1/unit/" + encoded


class Manager(dbus.service.Object):
    subscribed = False

    @dbus.service.method("org.freedesktop.systemd1.Manager")
    def Subscribe(self):
        self.subscribed = True


class Unit(dbus.service.Object):
    def __init__(self, bus, path, state):
        super().__init__(bus, path)
        self.state = state

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        assert interface == UNIT_INTERFACE and name == "ActiveState"
        return dbus.String(self.state, variant_level=1)

    @dbus.service.signal(PROPERTIES, signature="sa{sv}as")
    def PropertiesChanged(self, interface, changed, invalidated):
        pass


def main():
    dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
    bus = dbus.SystemBus()
    name = dbus.service.BusName("org.freedesktop.systemd1", bus)
    manager = Manager(bus, "/org/freedesktop/systemd1")
    unit = Unit(bus, unit_path(sys.argv[1]), sys.argv[2])
    loop = GLib.MainLoop()

    def on_line(channel, _):
        line = channel.readline()
        if not line:
            loop.quit()
            return False
        unit.state = line.strip()
        if manager.subscribed:
            unit.PropertiesChanged(UNIT_INTERFACE, {}, ["ActiveState"])
        return True

    GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, on_line)
    print("ready", flush=True)
    loop.run()
    return name


main()
