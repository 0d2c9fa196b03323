# SPDX-License-Identifier: GPL-2.0-or-later
"""hvisorctl and the example clients with a daemon on the simulated board."""
import json
import os
import shutil
import subprocess
import sys

SOURCE = sys.argv.pop(1)
sys.argv[1:3] = map(os.path.abspath, sys.argv[1:3])
sys.path.insert(0, SOURCE + "/tests/api/daemon")
from rig import HVISORCTL, PATIENCE, run, wait_for  # noqa: E402

CLIENTS = SOURCE + "/examples/clients/"


def ctl(rig, *arguments, status=0, **more):
    done = rig.ctl(*arguments, **more)
    assert done.returncode == status, (arguments, done)
    return done.stdout.decode()


def one_and_all(rig):
    """Patterns, --all, dry runs and what becomes of them."""
    for id in (2, 3):
        rig.zone(id, [id])
    rig.start()
    names = ctl(rig, "list", "-o", "name").split()
    assert names == ["root", "z2", "z3"], names
    assert sorted(ctl(rig, "start", "z*").splitlines()) == ["z2: running", "z3: running"]
    assert ctl(rig, "start", "--all") == ""
    ctl(rig, "stop", "--all", "--mode", "force")
    states = [zone["state"] for zone in json.loads(ctl(rig, "list", "--json"))["zones"]]
    assert states == ["running", "stopped", "stopped"], states
    ctl(rig, "start", "z2", "no-such-zone", status=4)
    assert "running" in ctl(rig, "status", "z2")
    assert "interrupts" in ctl(rig, "show", "2")
    ctl(rig, "stop", "3", status=3)


def live_events(rig):
    """events tells of a start in order; list --watch shows it."""
    rig.zone(2, [2])
    client = rig.start()
    seq = client.result("zone.list")["seq"]
    ctl(rig, "start", "2")
    events = [json.loads(line) for line in ctl(rig, "events", "--since", str(seq), "--match", "zone.state", "-n", "3",
                                               "--json").splitlines()]
    assert [event["to"] for event in events] == ["loading", "starting", "running"], events
    text = ctl(rig, "events", "--since", str(seq), "--match", "zone.state", "-n", "1")
    assert "z2 stopped -> loading" in text, text
    watcher = subprocess.Popen([HVISORCTL, "--socket", rig.socket, "list", "--watch", "--json", "z2"],
                               stdout=subprocess.PIPE)
    first = json.loads(watcher.stdout.readline())
    assert first["zones"][0]["state"] == "running", first
    ctl(rig, "stop", "2", "--mode", "force")
    while json.loads(watcher.stdout.readline())["zones"][0]["state"] != "stopped":
        pass
    watcher.terminate()
    watcher.wait(PATIENCE)
    watcher.stdout.close()


def through_ssh(rig):
    """The same commands on a board that is far away, the console among them."""
    rig.zone(2, [2], console=True)
    rig.start()
    os.mkdir(rig.dir + "/bin")
    os.symlink(HVISORCTL, rig.dir + "/bin/hvisorctl")
    with open(rig.dir + "/bin/ssh", "w") as file:
        file.write('#!/bin/sh\nfor command; do :; done\nexec sh -c "$command"\n')
    os.chmod(rig.dir + "/bin/ssh", 0o755)
    far = dict(os.environ, PATH=f"{rig.dir}/bin:{os.environ['PATH']}")
    assert ctl(rig, "-H", "ssh://root@board:22", "start", "2", env=far) == "2: running\n"
    assert "z2" in ctl(rig, "-H", "ssh://board", "list", env=far)
    out = ctl(rig, "-H", "ssh://board", "console", "2", "--idle-ms", "300", env=far, input=b"hello\n")
    assert "hello" in out, out
    ctl(rig, "-H", "ssh://board", "stop", "9", env=far, status=4)


def daemon_goes(rig):
    """What follows something ends with 7 when the daemon does."""
    rig.zone(2, [2])
    rig.start()
    watchers = [subprocess.Popen([HVISORCTL, "--socket", rig.socket, *command], stdout=subprocess.PIPE,
                                 stderr=subprocess.DEVNULL) for command in (("list", "-w"), ("events",))]
    watchers[0].stdout.readline()
    wait_for(lambda: json.loads(ctl(rig, "status", "--json"))["connections"] >= 3, "both are connected")
    rig.kill()
    for watcher in watchers:
        assert watcher.wait(PATIENCE) == 7, watcher.args
        watcher.stdout.close()


def example_clients(rig):
    """The examples of the folder, as they are."""
    rig.zone(2, [2])
    client = rig.start()
    environment = dict(os.environ, HVISOR_SOCKET=rig.socket)
    if shutil.which("socat") and shutil.which("jq"):
        done = subprocess.run([CLIENTS + "zones.sh"], env=environment, capture_output=True, timeout=PATIENCE)
        assert done.stdout == b"0 root running\n2 z2 stopped\n", done
    follow = subprocess.Popen([sys.executable, CLIENTS + "follow.py", "z2"], env=environment, stdout=subprocess.PIPE,
                              text=True)
    lines = []
    while not lines or not lines[-1].endswith("-> running"):
        lines.append(follow.stdout.readline().rstrip("\n"))
    assert lines[:2] == ["0 root running", "2 z2 stopped"], lines
    client.result("zone.stop", zone="z2", mode="force")
    rest = follow.stdout.read().splitlines()
    assert follow.wait(PATIENCE) == 0 and rest[-1].endswith("-> stopped"), rest
    follow.stdout.close()
    with open(CLIENTS + "follow.py") as file:
        assert len(file.readlines()) <= 30
    done = subprocess.run([sys.executable, CLIENTS + "follow.py", "none"], env=environment, capture_output=True,
                          timeout=PATIENCE)
    assert done.returncode == 1 and b"none" in done.stderr, done


run([one_and_all, live_events, through_ssh, daemon_goes, example_clients])
