# SPDX-License-Identifier: GPL-2.0-or-later
"""Every command of hvisorctl with a daemon on the simulated board."""
import json
import os
import subprocess
import xml.etree.ElementTree

import openmetrics
from rig import HVISORCTL, PATIENCE, Client, run, wait_for


def ctl(rig, *arguments, status=0, errors=None, **more):
    """Standard output; standard error must be empty, or hold the text."""
    done = rig.ctl(*arguments, **more)
    assert done.returncode == status, (arguments, done)
    assert (errors or "") in done.stderr.decode() and (errors or not done.stderr), (arguments, done)
    return done.stdout.decode()


def zones(rig, *arguments):
    return {zone["name"]: zone for zone in json.loads(ctl(rig, "list", "--json", *arguments))["zones"]}


def states(rig):
    return {name: zone["state"] for name, zone in zones(rig).items() if name != "root"}


def two(rig):
    rig.device_program = None
    for id, name in ((2, "rt-a"), (3, "rt-b")):
        rig.zone(id, [id], name=name)
        rig.image(f"Image{id}", "sim:run")
    return rig.start()


def lives(rig):
    """start stop kill restart pause resume wait, by name, id, pattern and --all."""
    two(rig)
    assert ctl(rig, "start", "rt-a", "3") == "rt-a: running\n3: running\n"
    assert ctl(rig, "start", "rt-a", status=1, errors="[zone.already_running]") == ""
    assert ctl(rig, "pause", "rt-*") == "rt-a: paused\nrt-b: paused\n"
    assert ctl(rig, "pause", "2", status=1, errors="[zone.paused]") == ""
    assert states(rig) == {"rt-a": "paused", "rt-b": "paused"}
    assert ctl(rig, "resume", "--all", "-o", "name") == "rt-a\nrt-b\n"
    assert ctl(rig, "resume", "2", status=1, errors="[zone.not_paused]") == ""
    assert ctl(rig, "restart", "rt-b", "--timeout", "20") == "rt-b: running\n"
    answer = json.loads(ctl(rig, "kill", "rt-b", "--json"))
    assert (answer["state"], answer["zone"]) == ("stopped", "rt-b"), answer
    assert ctl(rig, "kill", "rt-b", status=3, errors="[zone.not_running]") == ""
    assert ctl(rig, "stop", "2", "--mode", "graceful", status=1, errors="[zone.not_graceful]") == ""
    assert ctl(rig, "stop", "--all").startswith("rt-a: stopped")
    assert ctl(rig, "stop", "--all") == ""
    for verb in ("start", "stop", "kill", "restart", "pause", "resume", "enable", "disable"):
        ctl(rig, verb, "none", status=4, errors="[zone.unknown]")
        ctl(rig, verb, "root", status=1, errors="[zone.is_root]")
    # waiting, for what is and for what comes
    assert ctl(rig, "wait", "rt-a", "--for", "stopped").startswith("rt-a: stopped")
    assert ctl(rig, "wait", "rt-a", "--for", "running", "--timeout", "0.05", status=124, errors="[zone.wait_timeout]") == ""
    ctl(rig, "wait", "none", "--for", "running", status=4, errors="[zone.unknown]")
    waiting = subprocess.Popen([HVISORCTL, "--socket", rig.socket, "wait", "rt-a", "rt-b", "--for", "running"],
                               stdout=subprocess.PIPE)
    ctl(rig, "start", "--all")
    out, _ = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0 and out.count(b": running") == 2, out
    waiting = subprocess.Popen([HVISORCTL, "--socket", rig.socket, "wait", "--all", "--for", "ended", "--json"],
                               stdout=subprocess.PIPE)
    ctl(rig, "stop", "rt-*", "--mode", "force")
    out, _ = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0 and {json.loads(line)["state"] for line in out.splitlines()} == {"stopped"}, out


def tried_dry(rig):
    """--dry-run: the same refusals, and nothing done."""
    two(rig)
    assert ctl(rig, "start", "--all", "--dry-run") == "rt-a: would be running\nrt-b: would be running\n"
    ctl(rig, "stop", "rt-a", "--dry-run", status=3, errors="[zone.not_running]")
    ctl(rig, "enable", "rt-a", "--dry-run")
    assert states(rig) == {"rt-a": "stopped", "rt-b": "stopped"}
    ctl(rig, "start", "rt-a")
    for verb, word in (("stop", "stopped"), ("kill", "stopped"), ("pause", "paused"), ("restart", "running")):
        assert ctl(rig, verb, "rt-a", "--dry-run") == f"rt-a: would be {word}\n"
    assert states(rig) == {"rt-a": "running", "rt-b": "stopped"}
    rig.zone(3, [77], name="rt-b")
    ctl(rig, "start", "rt-b", "--dry-run", status=5, errors="/cpus")
    # a key: the second time nothing is done
    ctl(rig, "stop", "rt-a", "--request-key", "k")
    ctl(rig, "start", "rt-a")
    assert ctl(rig, "stop", "rt-a", "--request-key", "k").startswith("rt-a: stopped")
    assert states(rig)["rt-a"] == "running"
    ctl(rig, "kill", "rt-a", "--request-key", "k", status=1, errors="[request.key_reused]")


def looks(rig):
    """list status show top version schema: names, tables, JSON."""
    rig.environment.pop("NO_COLOR", None)
    two(rig)
    rig.zone(2, [2], console=True, name="rt-a")
    ctl(rig, "start", "rt-a")
    assert ctl(rig, "list", "-o", "name") == "root\nrt-a\nrt-b\n"
    table = ctl(rig, "list", "rt-a", "-o", "wide").splitlines()
    assert len(table) == 2 and "zone2.json" in table[1] and "16 MiB" in table[1] and "running" in table[1], table
    ctl(rig, "list", "none", status=4, errors="none")
    text = ctl(rig, "status", "rt-a")
    for part in ("zone 2 rt-a", "running", "device", "ready", "autostart", "restart", "16 MiB"):
        assert part in text, (part, text)
    assert "hvisord" in ctl(rig, "status") and len(ctl(rig, "status", "--all", "--json").splitlines()) == 2
    assert json.loads(ctl(rig, "status", "--json"))["platform"]["name"] == "qemu-virt"
    text = ctl(rig, "show", "2")
    for part in ("policy", "restart_limit", "counters", "starts", "console", "cpu_ms", "entry_point"):
        assert part in text, (part, text)
    ctl(rig, "show", "none", status=4, errors="[zone.unknown]")
    rows = ctl(rig, "top", "rt-a", "-n", "2", "-d", "0.05").splitlines()
    fields = dict(zip(["ID", "NAME", "STATE", "RUNS", "UPTIME", "EXITS/S", "DEV %", "DEV RSS"], rows[1].split()))
    assert len(rows) == 4 and fields["NAME"] == "rt-a" and fields["DEV %"] != "-" and fields["DEV RSS"] != "-", rows
    top = json.loads(ctl(rig, "top", "rt-a", "-n", "1", "-d", "0.05", "--json"))
    assert top["device"]["rss"] > 0 and "end" in top["console"], top
    assert ctl(rig, "version").count("0.1.0") == 2
    assert json.loads(ctl(rig, "version", "--json"))["hvisord"]
    schema = json.loads(ctl(rig, "schema"))
    assert schema == Client(rig.socket).result("schema.get")["schema"]


def files(rig):
    """check diff reload resources enable disable."""
    two(rig)
    assert ctl(rig, "check", rig.config_dir) is not None
    assert "2 zones" in ctl(rig, "reload")
    assert ctl(rig, "diff", "rt-a", status=3, errors="[zone.not_running]") == ""
    assert ctl(rig, "diff", "--all") == ""
    ctl(rig, "start", "rt-a")
    assert ctl(rig, "diff", "rt-a", "--exit-code") == ""
    rig.zone(2, [2], name="rt-a", entry_point="0x40000040")
    text = ctl(rig, "diff", "rt-a", "--exit-code", status=1)
    assert "@@ /entry_point @@" in text and "+0x40000040" in text, text
    assert json.loads(ctl(rig, "diff", "--all", "--json"))["differs"]
    assert zones(rig)["rt-a"]["differs"] and "diff" in ctl(rig, "status", "rt-a")
    rig.zone(3, [2], name="rt-b")
    assert "2 zones" in ctl(rig, "reload", status=5, errors="[zone.cpu_conflict]")
    assert ctl(rig, "check", rig.config_dir, status=5, errors="[zone.cpu_conflict]") == ""
    rig.zone(3, [3], name="rt-b")
    assert "2 zones" in ctl(rig, "reload")
    text = ctl(rig, "resources")
    assert "rt-a" in text and "rt-b" in text and "board qemu-virt" in text, text
    assert json.loads(ctl(rig, "resources", "--json"))["cpus"][2]["name"] == "rt-a"
    root = xml.etree.ElementTree.fromstring(ctl(rig, "resources", "--svg"))
    assert root.tag.endswith("svg")
    assert ctl(rig, "resources", "--svg=" + rig.dir + "/map.svg") == ""
    assert os.path.getsize(rig.dir + "/map.svg") > 1000
    assert ctl(rig, "enable", "rt-*") == "rt-a: enabled\nrt-b: enabled\n"
    assert json.loads(ctl(rig, "enable", "rt-a", "--json"))["autostart"] is True
    assert json.loads(ctl(rig, "status", "rt-a", "--json"))["policy"]["override"] == "enabled"
    assert "yes" in ctl(rig, "status", "rt-a").split("autostart")[1].splitlines()[0]
    assert ctl(rig, "disable", "2") == "2: disabled\n"
    assert "no" in ctl(rig, "status", "rt-a").split("autostart")[1].splitlines()[0]


def follows(rig):
    """events, console, logs."""
    client = two(rig)
    rig.zone(2, [2], console=True, name="rt-a")
    rig.image("Image2", "sim:print 30; echo")
    first = client.result("config.reload")["seq"]
    ctl(rig, "start", "--all")
    lines = ctl(rig, "events", "--since", str(first), "--zone", "rt-a", "--match", "zone.state", "-n", "3").splitlines()
    assert [line.split(" reason")[0].split(" id=")[0].split(" zone.state ")[1] for line in lines] == [
        "rt-a stopped -> loading", "rt-a loading -> starting", "rt-a starting -> running"], lines
    assert "kind=client" in lines[0] and f"uid={os.getuid()}" in lines[0], lines
    assert ctl(rig, "events", "--since", str(first), "--zone", "nobody", "--timeout", "0.1", status=124) == ""
    ctl(rig, "events", "--since", "999999", status=2, errors="[protocol.params]")
    out = rig.ctl("console", "rt-a", "--idle-ms", "300", input=b"hello there\n")
    assert out.returncode == 0 and b"hello there" in out.stdout, out
    ctl(rig, "console", "rt-b", status=1, errors="[console.none]", input=b"")
    if "console.log" in ctl(rig, "schema"):
        wait_for(lambda: "hello there" in ctl(rig, "logs", "rt-a"), "it is in the log")
        assert "hello" not in ctl(rig, "logs", "rt-a", "-n", "3")
    follower = subprocess.Popen([HVISORCTL, "--socket", rig.socket, "events", "--json", "--zone", "rt-b"],
                                stdout=subprocess.PIPE)
    wait_for(lambda: client.result("system.info")["connections"] == 2, "it follows")
    client.result("zone.stop", zone="rt-b", mode="force")
    client.result("zone.stop", zone="rt-a", mode="force")
    events = [json.loads(follower.stdout.readline()) for _ in range(2)]
    assert [event["to"] for event in events] == ["stopping", "stopped"], events
    follower.terminate()
    follower.wait(PATIENCE)
    follower.stdout.close()
    assert openmetrics.parse(client.result("metrics.get", format="openmetrics")["openmetrics"])


def no_daemon(rig):
    """7 when there is none, 124 when it is stuck, 6 for those who may not."""
    two(rig)
    ctl(rig, "start", "rt-a")
    os.kill(rig.daemon.pid, 19)
    try:
        ctl(rig, "stop", "rt-a", "--timeout", "0.05", status=124, errors="no answer in time")
    finally:
        os.kill(rig.daemon.pid, 18)
    rig.kill()
    for command in (("list",), ("start", "rt-a"), ("wait", "rt-a", "--for", "running"), ("reload",), ("events",),
                    ("resources",), ("top",), ("logs", "rt-a"), ("console", "rt-a")):
        ctl(rig, *command, status=7, errors="hvisord does not run here", input=b"")
    # what needs none
    assert json.loads(ctl(rig, "schema"))["methods"] and ctl(rig, "version").count("\n") == 1
    assert ctl(rig, "check", rig.config_dir) is not None


run([lives, tried_dry, looks, files, follows, no_daemon])
