"""First process of a host: lays an example's files over the root, then reaps orphans.

Run as process 1 of new mount, process and host-name namespaces:
init.py NAME SOURCE FOLDER... -- PROGRAM...
SOURCE is the source tree, which is seen as /mnt; each FOLDER is laid over the root, later ones over
earlier ones; the PROGRAMs are put into /usr/local/sbin. Says "ready" on standard output when done.
"""

import ctypes
import os
import shutil
import signal
import socket
import stat
import sys

MS_RDONLY, MS_NOSUID, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 32, 4096, 16384, 1 << 18
LAID_OVER = ("etc", "usr/local")  # what an example may have files for
FRESH = ("var/lib", "var/log", "var/cache")  # directories of packages, without what is in them
STORE = "/media"  # holds what is written; hidden at the end

_libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind=None, flags=0, options=None):
    octets = [None if text is None else text.encode() for text in (source, target, kind, options)]
    if _libc.mount(octets[0], octets[1], octets[2], flags, octets[3]) != 0:
        raise OSError(ctypes.get_errno(), f"mount {source} on {target} ({kind} {options})")


def copy(folder, target):
    """As an administrator's `sudo cp -r`: root's, readable; executable where it is so."""
    for directory, _, files in os.walk(folder):
        to = os.path.join(target, os.path.relpath(directory, folder))
        os.makedirs(to, mode=0o755, exist_ok=True)
        for name in files:
            source, path = os.path.join(directory, name), os.path.join(to, name)
            shutil.copyfile(source, path)
            os.chmod(path, 0o755 if os.stat(source).st_mode & stat.S_IXUSR else 0o644)


def lay_over(directory, folders, programs):
    upper, work = f"{STORE}/{directory}/upper", f"{STORE}/{directory}/work"
    os.makedirs(upper, mode=0o755)
    os.makedirs(work)
    for folder in folders:
        if os.path.isdir(f"{folder}/{directory}"):
            copy(f"{folder}/{directory}", upper)
    if directory == "usr/local":
        os.makedirs(f"{upper}/sbin", mode=0o755, exist_ok=True)
        for program in programs:
            shutil.copy(program, f"{upper}/sbin/")
    mount("overlay", f"/{directory}", "overlay", 0,
          f"lowerdir=/{directory},upperdir={upper},workdir={work}")


def freshen(directory):
    """As just after the installation of the packages: their directories, with nothing in them."""
    found = [(entry.name, entry.stat()) for entry in os.scandir(f"/{directory}")
             if entry.is_dir(follow_symlinks=False)]
    mount("tmpfs", f"/{directory}", "tmpfs", MS_NOSUID, "mode=755")
    for name, like in found:
        os.mkdir(f"/{directory}/{name}")
        os.chown(f"/{directory}/{name}", like.st_uid, like.st_gid)
        os.chmod(f"/{directory}/{name}", stat.S_IMODE(like.st_mode))


def build(name, source, folders, programs):
    socket.sethostname(name)
    mount(None, "/", None, MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID)
    mount("tmpfs", STORE, "tmpfs", MS_NOSUID, "mode=755")
    for directory in LAID_OVER:
        lay_over(directory, folders, programs)
    with open("/etc/hostname", "w", encoding="ascii") as file:
        file.write(f"{name}\n")
    mount(source, "/mnt", None, MS_BIND)
    for directory in ("/", "/mnt"):  # nothing of the machine is changed
        mount(None, directory, None, MS_REMOUNT | MS_BIND | MS_RDONLY)
    for directory in FRESH:
        freshen(directory)
    mount("tmpfs", "/run", "tmpfs", MS_NOSUID, "mode=755")
    os.mkdir("/run/lock", 0o1777)
    mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID, "mode=1777")
    os.makedirs("/run/vipd", mode=0o755)
    os.makedirs("/var/lib/vipd", mode=0o750, exist_ok=True)


def reap_forever():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    while True:
        signal.sigwait([signal.SIGCHLD])
        try:
            while os.waitpid(-1, os.WNOHANG)[0] != 0:
                pass
        except ChildProcessError:
            pass


def main():
    middle = sys.argv.index("--")
    os.umask(0o022)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
    build(sys.argv[1], sys.argv[2], sys.argv[3:middle], sys.argv[middle + 1:])
    os.chdir("/")
    print("ready", flush=True)
    reap_forever()


if __name__ == "__main__":
    main()
