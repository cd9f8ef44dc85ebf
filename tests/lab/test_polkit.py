"""The polkit rule, asked through a real polkitd on a bus and with rule directories of its own."""

import os
import shutil
import subprocess

import pytest

POLKITD = "/usr/lib/polkit-1/polkitd"
RULES = os.path.join(os.path.dirname(__file__), "../../packaging/polkit/io.vipd.rules")
NAMES = ("vipd-master@web.target", r"vipd-master@web\x2d1.target", "vipd-master@.target",
         "ssh.service", "vipd-master@web.service", "vipd-master@web.target.service",
         "other-vipd-master@web.target", "vipd.service", "vipd-hook@mail.sh.service",
         "vipd-hook@a-b_c.service", "vipd-hook@.service", "vipd-hook@-x.service", "vipd-hook@mail.target",
         "vipd-hook@../x.service", r"vipd-hook@a\x2db.service", "xvipd-hook@mail.service")
# Asks for each user, unit and verb, and prints what pkcheck answers: 0 is yes.
SCRIPT = r"""
set -e
bus=$1 rules=$2
mount -t tmpfs -o mode=755 tmpfs /usr/share/polkit-1/rules.d
mount -t tmpfs -o mode=755 tmpfs /etc/polkit-1/rules.d
sed 's/"vipd"/"daemon"/' "$rules" > /usr/share/polkit-1/rules.d/io.vipd.rules
export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$bus"
/usr/lib/polkit-1/polkitd > /dev/null 2>&1 & polkitd=$!
setpriv --reuid daemon --regid daemon --clear-groups sleep 300 & daemon=$!
setpriv --reuid nobody --regid nogroup --clear-groups sleep 300 & nobody=$!
trap 'kill $polkitd $daemon $nobody' EXIT
ask() {
    pkcheck --action-id "$1" --process "$2" --detail unit "$3" --detail verb "$4" > /dev/null 2>&1 &&
        code=0 || code=$?
}
tries=0
until ask org.freedesktop.systemd1.manage-units $daemon vipd-master@web.target start
      [ "$code" -eq 0 ] || [ "$tries" -ge 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
while read -r action user unit verb; do
    pid=$daemon
    [ "$user" = daemon ] || pid=$nobody
    ask "$action" "$pid" "$unit" "$verb"
    printf '%s %s %s %s %d\n' "$action" "$user" "$unit" "$verb" "$code"
done
"""


@pytest.mark.skipif(not os.path.exists(POLKITD) or shutil.which("pkcheck") is None or
                    shutil.which("dbus-daemon") is None, reason="needs polkitd and dbus-daemon")
@pytest.mark.lab(nodes=1)
@pytest.mark.limit(240)  # hundreds of programs
def test_vipd_may_start_and_stop_its_targets_and_hooks_and_nothing_else(lab):
    from vipdlab.manager import ServiceManager
    manager = ServiceManager(lab, lab[1].directory)
    manager.start_bus()
    os.chmod(manager.directory, 0o755)
    os.chmod(manager.socket, 0o777)
    manage, files = "org.freedesktop.systemd1.manage-units", "org.freedesktop.systemd1.reload-daemon"
    questions = [f"{action} {user} {unit} {verb}" for user in ("daemon", "nobody")
                 for action in (manage, files) for unit in NAMES
                 for verb in ("start", "stop", "restart", "reload")]
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh", manager.socket,
         RULES], input="\n".join(questions) + "\n", capture_output=True, text=True, timeout=200,
        check=True)
    answers = done.stdout.splitlines()
    assert len(answers) == len(questions)
    allowed = [answer[:-2] for answer in answers if answer.endswith(" 0")]
    assert allowed == [f"{manage} daemon {unit} {verb}" for unit in NAMES
                       for verb in ("start", "stop", "restart")
                       if unit in NAMES[:2] and verb != "restart" or
                       unit in ("vipd-hook@mail.sh.service", "vipd-hook@a-b_c.service") and verb != "start"]
