# SPDX-License-Identifier: GPL-2.0-or-later
"""What hvisorctl asks for, how it prints the answer, and its exit status."""
import json
import os
import re
import socket
import sys

from fake_daemon import FakeDaemon, Failure, Later
from harness import check, run

ZONES = [
    {"id": 0, "name": "root", "state": "running", "cpus": [0, 1], "ram": 1 << 30},
    {"id": 1, "name": "linux2", "state": "running", "cpus": [2], "ram": 3 << 28, "reason": "requested"},
    {"id": 2, "name": "rt-a", "state": "stopped", "cpus": [3], "ram": 1 << 24, "file": "/z/rt-a.json"},
    {"id": 3, "name": "rt-b", "state": "crashed", "cpus": [3], "ram": 1 << 24, "reason": "bad_access"},
    {"id": 4, "name": "held", "state": "paused", "cpus": [], "ram": 1 << 24},
    {"id": None, "name": "torn", "state": "invalid", "cpus": []},
]
# of names that nobody vouches for
EVIL = "a\x1b]0;x\x07b\nc\u202ed\u009be\x7f"
EVIL_SHOWN = r"a\x1b]0;x\x07b\x0ac\u{202e}d\u{9b}e\x7f"


def daemon(place, greeting=None, **handlers):
    fake = FakeDaemon(place.dir, {"zone.list": {"seq": 1, "zones": ZONES},
                                  **{name.replace("_", ".", 1): value for name, value in handlers.items()}}, greeting)
    place.socket = fake.path
    return fake


def changes(place):
    """Every verb has its method, its parameters and its line."""
    for verb, word in (("start", "running"), ("stop", "stopped"), ("kill", "stopped"), ("restart", "running"),
                       ("pause", "paused"), ("resume", "running"), ("enable", "enabled"), ("disable", "disabled")):
        result = {"seq": 1} if word.endswith("abled") else {"state": word, "seq": 1}
        fake = daemon(place, **{"zone_" + verb: result})
        check(place.ctl(verb, "linux2"), (0, f"linux2: {word}\n", ""))
        check(place.ctl(verb, "7", "--dry-run", "--request-key", "k1"), (0, f"7: would be {word}\n", ""))
        check(place.ctl(verb, "7", "-o", "name"), (0, "7\n", ""))
        status, out, _ = place.ctl(verb, "7", "--json")
        check((status, json.loads(out)), (0, {**result, "zone": "7"}))
        asked = fake.asked("zone." + verb)
        check(asked[:2], [{"zone": "linux2"}, {"zone": 7, "dry_run": True, "request_key": "k1"}])
        if not word.endswith("abled"):
            place.ctl(verb, "x", "--timeout", "2.5")
            check(fake.asked("zone." + verb)[-1], {"zone": "x", "timeout_ms": 2500})
    fake = daemon(place, zone_stop={"state": "stopped", "reason": "guest_off", "seq": 1})
    check(place.ctl("stop", "x", "--mode", "graceful"), (0, "x: stopped: guest_off\n", ""))
    check(fake.asked("zone.stop"), [{"zone": "x", "mode": "graceful"}])
    # two zones with one key are still two changes
    place.ctl("stop", "x", "y", "--request-key", "k")
    check([asked["request_key"] for asked in fake.asked("zone.stop")[1:]], ["k", "k/1"])


def patterns(place):
    """Patterns and --all: what they stand for, each zone once, never root."""
    done = {"state": "done", "seq": 1}
    fake = daemon(place, zone_start=done, zone_stop=done, zone_pause=done, zone_resume=done, zone_enable=done)
    for arguments, method, ids in (
            (("start", "--all"), "zone.start", [2, 3]), (("start", "rt-?"), "zone.start", [2, 3]),
            (("stop", "-a"), "zone.stop", [1, 4]), (("pause", "--all"), "zone.pause", [1]),
            (("resume", "*"), "zone.resume", [4]), (("start", "rt-[b]", "*", "rt*"), "zone.start", [3, 2]),
            (("stop", "rt-*"), "zone.stop", []), (("start", "linux2", "linux*"), "zone.start", ["linux2"]),
            (("start", "rt-a", "*-a"), "zone.start", ["rt-a"])):
        fake.requests.clear()
        check(place.ctl(*arguments)[0], 0)
        check([asked["zone"] for asked in fake.asked(method)], ids)
    fake.requests.clear()
    status, _, errors = place.ctl("start", "nothing*", "rt-a")
    check((status, "nothing*" in errors, fake.asked("zone.start")), (4, True, [{"zone": "rt-a"}]))
    check(place.ctl("stop", "--all", "x")[0], 2)
    # a plain name costs no look
    fake.requests.clear()
    place.ctl("stop", "linux2")
    check(fake.asked("zone.list"), [])


def statuses(place):
    """Each error of the protocol has the exit status that the schema gives it."""
    _, out, _ = place.ctl("schema")
    for error in json.loads(out)["errors"]:
        def fail(params, connection, id, code=error["code"]):
            raise Failure(code, EVIL)
        daemon(place, zone_start=fail)
        status, out, errors = place.ctl("start", "x")
        check((error["reason"], status, out), (error["reason"], error["exit"], ""))
        check(errors, f"hvisorctl: x: {EVIL_SHOWN} [test.reason]\n")
    status, out, errors = place.ctl("start", "x", "--json")
    check((errors, json.loads(out)["zone"]), ("", "x"))


def several(place):
    """All are tried, a few at a time; the first operand that failed decides."""
    codes = {"missing": -32002, "down": -32003}

    def stop(params, connection, id):
        if params["zone"] in codes:
            raise Failure(codes[params["zone"]])
        return {"state": "stopped", "seq": 1}
    fake = daemon(place, zone_stop=stop)
    check(place.ctl("stop", "a", "missing", "down", "b")[:2], (4, "a: stopped\nb: stopped\n"))
    check(place.ctl("stop", "a", "down", "missing")[0], 3)
    waiting = []

    def slow(params, connection, id):
        waiting.append(id)
        if len(waiting) == 8 or params["zone"] == "z29":
            for one in reversed(waiting):
                connection.answer(one, {"state": "stopped", "seq": 1})
            waiting.clear()
        return Later
    fake = daemon(place, zone_stop=slow)
    names = [f"z{i}" for i in range(30)]
    # the last six are not eight: z29 answers for them
    status, out, _ = place.ctl("stop", *names)
    check((status, sorted(out.split())), (0, sorted(" ".join(f"{name}: stopped" for name in names).split())))
    check(fake.most_open, 8)


def no_daemon(place):
    check(place.ctl("list"), (7, "", f"hvisorctl: {place.socket}: hvisord does not run here\n"))
    status, out, _ = place.ctl("version")
    check((status, out.count("\n")), (0, 1))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place.socket)
    check(place.ctl("list")[0], 7)
    listener.listen(1)
    # nobody answers: the greeting does not come
    daemon(place, greeting={"jsonrpc": "2.0", "id": None, "error": {"code": -32001, "message": "no"}})
    check(place.ctl("list")[0], 6)
    daemon(place, greeting={"hvisord": {"version": "1", "protocol": 99}})
    check(place.ctl("list")[0], 1)
    fake = daemon(place, zone_list=lambda params, connection, id: Later)
    check(place.ctl("list", "--timeout", "0.05")[0], 124)

    def leave(params, connection, id):
        connection.socket.shutdown(socket.SHUT_RDWR)
        return Later
    fake.handlers["zone.list"] = leave
    check(place.ctl("list"), (7, "", f"hvisorctl: {place.socket}: hvisord closed the connection\n"))
    # the environment says where, unless an option does
    daemon(place)
    check(place.ctl("list", socket=False, HVISOR_SOCKET=place.socket)[0], 0)
    check(place.ctl("list", "--socket", "/nowhere", socket=False, HVISOR_SOCKET=place.socket)[0], 7)
    with open("/dev/full", "w"):
        pass
    check(os.system(f"{place.bin}/hvisorctl --socket {place.socket} list >/dev/full") >> 8, 1)


def usage(place):
    """A wrong command line is told by the option's name, with nothing asked."""
    fake = daemon(place)
    for arguments, named in (
            (("list", "--frob"), "--frob"), (("stop", "x", "--mode", "soft"), "--mode"), (("list", "-x"), "'x'"),
            (("start", "x", "--timeout", "0"), "--timeout"), (("start", "x", "--timeout", "1s"), "--timeout"),
            (("start", "x", "--timeout", "nan"), "--timeout"), (("list", "--color", "green"), "--color"),
            (("list", "-o", "yaml"), "--output"), (("list", "--platform", "x"), "--platform"),
            (("logs", "x", "-n", "-1"), "--number"), (("logs", "x", "-n", "1e3"), "--number"),
            (("events", "--since", "9007199254740992"), "--since"), (("start", "x", "--follow"), "--follow"),
            (("events", "--match", ""), "--match"), (("start", "x", "--socket"), "--socket"),
            (("wait", "x"), "--for"), (("wait", "x", "--for", "dinner"), "--for"), (("start",), "ZONE"),
            (("console", "x", "y"), "y"), (("events", "x"), "x"), (("dance",), "dance"), (("help", "dance"), "dance"),
            (("start", "x", "--request-key", ""), "--request-key"), (("dan\x1b[31mce",), r"dan\x1b[31mce")):
        status, out, errors = place.ctl(*arguments)
        check((arguments, status, out, named in errors), (arguments, 2, "", True))
    check(place.ctl()[0], 2)
    check(fake.requests, [])
    check(place.ctl("--help")[0], 0)
    # options may stand anywhere, and -- ends them
    check(place.ctl("--json", "list")[1], place.ctl("list", "-o", "json")[1])


def manual(place):
    """Whatever the tables hold stands in the manual page, and help knows it."""
    with open(sys.argv[1] + "/docs/man/hvisorctl.1") as file:
        page = file.read().replace("\\-", "-").replace("\\fP", "").replace("\\fR", "")
    _, overview, _ = place.ctl("help")
    names = re.findall(r"^  ([a-z]+) ", overview, re.M)
    assert len(names) >= 22, names
    for name in names:
        status, text, _ = place.ctl("help", name)
        check((name, status), (name, 0))
        check(place.ctl(name, "--help"), (0, text, ""))
        assert re.search(rf"^\.B[IR]? (.*, )?\"? ?{name}\b", page, re.M) or f" {name} \"" in page, name
        for option in re.findall(r"--([a-z-]+)", text):
            assert f"--{option}" in page, f"{name} --{option}"
    for status in re.findall(r"\b(\d+) [a-z]", overview.split("Exit status:")[1]):
        assert re.search(rf"^{status} +[a-z]", page, re.M), status


def lists(place):
    fake = daemon(place)
    status, out, _ = place.ctl("list")
    check(status, 0)
    check(out.splitlines()[:3], ["ID  NAME    STATE    CPUS  RAM      REASON",
                                 "0   root    running  0-1   1 GiB    -",
                                 "1   linux2  running  2     768 MiB  requested"])
    check(place.ctl("list", "-o", "name")[1].split(), [zone["name"] for zone in ZONES])
    assert "/z/rt-a.json" in place.ctl("list", "-o", "wide")[1]
    check(place.ctl("list", "-o", "name", "rt-*", "1")[1], "linux2\nrt-a\nrt-b\n")
    status, out, errors = place.ctl("list", "-o", "name", "rt-a", "gone")
    check((status, out, "gone" in errors), (4, "rt-a\n", True))
    check(json.loads(place.ctl("list", "--json")[1])["zones"], ZONES)
    fake.handlers["zone.list"] = {"seq": 1, "zones": [{"id": 1, "name": EVIL, "state": EVIL, "reason": EVIL}]}
    _, out, _ = place.ctl("list")
    check(out.splitlines()[1].count(EVIL_SHOWN), 3)
    check(place.ctl("list", "-o", "name")[1], EVIL_SHOWN + "\n")
    # JSON has its own way
    check(json.loads(place.ctl("list", "--json")[1])["zones"][0]["name"], EVIL)


def colors(place):
    daemon(place)

    def shown(*arguments, **environment):
        terminal = place.terminal("list", *arguments, **environment)
        status, out = terminal.finish()
        check(status, 0)
        return b"\x1b[32mrunning\x1b[0m" in out and b"\x1b[31mcrashed" in out, b"\x1b" in out
    check(shown(), (True, True))
    check(shown(NO_COLOR="1"), (False, False))
    check(shown(NO_COLOR=""), (True, True))
    check(shown(TERM="dumb"), (False, False))
    check(shown("--color", "never"), (False, False))
    check(shown("--color", "always", NO_COLOR="1"), (True, True))
    assert "\x1b" not in place.ctl("list")[1] and "\x1b" in place.ctl("list", "--color=always")[1]


def watching(place):
    """--watch prints anew after events, and asks for nothing without one."""
    connections = []

    def subscribe(params, connection, id):
        connections.append(connection)
        return {"seq": 1}
    fake = daemon(place, events_subscribe=subscribe)
    terminal = place.terminal("list", "--watch")
    terminal.expect(b"held")
    check(len(fake.asked("zone.list")), 1)
    fake.handlers["zone.list"] = {"seq": 2, "zones": [{"id": 1, "name": "changed", "state": "stopping", "cpus": []}]}
    connections[0].event(zone="linux2", to="stopping")
    screen = terminal.expect(b"changed")
    # drawn over the old one, which is cleared behind each line and below
    assert b"\x1b[H" in screen and b"\x1b[K" in screen, screen
    terminal.expect(b"\x1b[J")
    check(len(fake.asked("zone.list")), 2)
    terminal.process.terminate()
    terminal.finish()
    # for programs: a line each; its time being up is an answer too
    status, out, _ = place.ctl("list", "--watch", "--json", "--timeout", "0.1")
    check((status, len(out.splitlines())), (124, 1))

    def three(params, connection, id):
        for _ in range(3):
            connection.event(zone="x", to="running")
        return {"seq": 1}
    fake.handlers["events.subscribe"] = three
    fake.requests.clear()
    check(place.ctl("list", "-w", "-o", "name", "--timeout", "0.3")[0], 124)
    # those that come together are one
    assert len(fake.asked("zone.list")) <= 2, fake.requests


def progress(place):
    """A bar on standard error while images load, if that is a terminal, gone at the end."""
    def start(params, connection, id):
        if params.get("more"):
            connection.answer(id, {"loaded": 1 << 20, "total": 4 << 20}, continues=True)
        return {"state": "running", "seq": 1}
    fake = daemon(place, zone_start=start, zone_restart=start)
    for verb in ("start", "restart"):
        terminal = place.terminal(verb, "x")
        before = terminal.expect(b"25 % of 4 MiB")
        assert b"[###" in before and b"." in before, before
        status, out = terminal.finish()
        check((status, out), (0, b"\x1b[K\r\x1b[Kx: running\r\n"))
    fake.requests.clear()
    check(place.ctl("start", "x"), (0, "x: running\n", ""))
    check(fake.asked("zone.start"), [{"zone": "x"}])
    for arguments in (("--json",), ("--dry-run",)):
        assert b"%" not in place.terminal("start", "x", *arguments).finish()[1]


def waits(place):
    """Without --timeout as long as it takes, however often the daemon's time is up."""
    answers = [Failure(-32010), Failure(-32010), {"state": "stopped", "reason": "guest_off", "seq": 5}]

    def wait(params, connection, id):
        answer = answers.pop(0)
        if isinstance(answer, Failure):
            raise answer
        return answer
    fake = daemon(place, zone_wait=wait)
    check(place.ctl("wait", "x", "--for", "stopped"), (0, "x: stopped: guest_off\n", ""))
    check(fake.asked("zone.wait"), [{"zone": "x", "state": "stopped", "timeout_ms": 3600000}] * 3)
    answers.append(Failure(-32010))
    check(place.ctl("wait", "x", "--for", "running", "--timeout", "1")[0], 124)
    check(fake.asked("zone.wait")[-1], {"zone": "x", "state": "running", "timeout_ms": 1000})


def events(place):
    def subscribe(params, connection, id):
        connection.answer(id, {"seq": 40, "lost": 3})
        connection.event(seq=41, zone="z", id=1, **{"from": "stopped", "to": "loading"},
                         cause={"kind": "client", "uid": 0, "pid": 9})
        connection.event(seq=42, type="zone.config", zone=EVIL, file=EVIL, good=True)
        connection.event(seq=43, type="zone.device", zone="z", pid=7, state="died")
        return Later
    fake = daemon(place, events_subscribe=subscribe)
    status, out, errors = place.ctl("events", "-n", "2", "--since", "37", "--match", "zone.*", "--match", "x",
                                    "--zone", "z*")
    check(fake.asked("events.subscribe"), [{"match": ["zone.*", "x"], "zones": ["z*"], "since": 37}])
    check((status, errors), (0, "hvisorctl: 3 older events are no longer kept\n"))
    check(out, "41 2026-01-02T03:04:05.678Z zone.state z stopped -> loading id=1 kind=client uid=0 pid=9\n"
               f"42 2026-01-02T03:04:05.678Z zone.config {EVIL_SHOWN} file={EVIL_SHOWN} good=yes\n")
    status, out, _ = place.ctl("events", "--json", "--timeout", "0.3")
    check((status, [json.loads(line)["seq"] for line in out.splitlines()]), (124, [41, 42, 43]))
    fake.requests.clear()
    place.ctl("events", "-n", "1")
    check(fake.asked("events.subscribe"), [{}])


def differences(place):
    result = {"differs": True, "differences": [{"pointer": "/cpus", "running": "[2]", "file": "[2,3]"},
                                               {"pointer": "/bootargs", "file": EVIL}]}
    fake = daemon(place, zone_diff=result)
    check(place.ctl("diff", "z"), (0, "--- z, as it runs\n+++ z, as its file says\n@@ /cpus @@\n-[2]\n+[2,3]\n"
                                      f"@@ /bootargs @@\n+{EVIL_SHOWN}\n", ""))
    check(place.ctl("diff", "z", "--exit-code")[0], 1)
    check(json.loads(place.ctl("diff", "z", "--json")[1]), {**result, "zone": "z"})
    fake.requests.clear()
    place.ctl("diff", "--all")
    check([asked["zone"] for asked in fake.asked("zone.diff")], [1, 4])
    fake.handlers["zone.diff"] = {"differs": False, "differences": []}
    check(place.ctl("diff", "z", "--exit-code"), (0, "", ""))


def reloads(place):
    finding = {"severity": "error", "file": "/z/a.json", "line": 3, "pointer": "/cpus/0", "reason": "zone.cpu_conflict",
               "message": "CPU 0: taken", "other": "zone root"}
    fake = daemon(place, config_reload={"seq": 3, "good": False, "findings": [finding], "zones": 2})
    check(place.ctl("reload"), (5, "2 zones\n", "/z/a.json:3: error: /cpus/0: CPU 0: taken (zone root) "
                                                "[zone.cpu_conflict]\n"))
    fake.handlers["config.reload"] = {"seq": 3, "good": True, "findings": [], "zones": 2}
    check(place.ctl("reload")[0], 0)


def shows(place):
    zone = {**ZONES[1], "regions": [{"type": "ram", "size": "0x1000"}, {"type": "io", "size": "0x2000"}],
            "interrupts": [33, 34, 35, 78], "policy": {"restart": "always", "after": ["a", "b"]}, "extra": EVIL,
            "uptime_ms": 3723000, "runs": 3, "device": {"pid": 12, "state": "ready"}, "file_differs": True}
    fake = daemon(place, zone_get={"seq": 1, "zone": zone})
    _, out, _ = place.ctl("show", "linux2")
    for line in ("zone linux2", "  state +running", "  interrupts +33-35,78", "  policy", "    restart +always",
                 "  regions +type=ram size=0x1000", " +type=io size=0x2000", "  extra +" + re.escape(EVIL_SHOWN)):
        assert re.search(f"^{line}$", out, re.M), (line, out)
    check(json.loads(place.ctl("show", "linux2", "--json")[1]), zone)
    _, out, _ = place.ctl("status", "linux2")
    for line in ("zone 1 linux2", "  state +running", "  uptime +1:02:03", "  restart +always", "  device +pid 12, ready",
                 " +the file differs .*"):
        assert re.search(f"^{line}$", out, re.M), (line, out)
    fake.requests.clear()
    place.ctl("status", "--all")
    check([asked["zone"] for asked in fake.asked("zone.get")], [1, 2, 3, 4, "torn"])


def top(place):
    """Rates are differences of two readings; q leaves and the terminal is as before."""
    exits = [0]

    def get(params, connection, id):
        exits[0] += 1000
        return {"seq": 1, "zone": {**ZONES[params["zone"]], "exits": exits[0], "runs": 2, "uptime_ms": 61000,
                                   "device": {"pid": 1, "cpu_ms": 5, "rss": 1 << 21}, "console": {"end": exits[0]}}}
    fake = daemon(place, zone_get=get)
    status, out, _ = place.ctl("top", "linux2", "-n", "2", "-d", "0.05")
    check((status, len(out.splitlines())), (0, 4))
    header, row = out.splitlines()[:2]
    check(header.split()[:6], ["ID", "NAME", "STATE", "RUNS", "UPTIME", "EXITS/S"])
    fields = row.split()
    check((fields[:5], float(fields[5]) > 0, fields[6]), (["1", "linux2", "running", "2", "0:01:01"], True, "0.0"))
    assert "2 MiB" in row, row
    terminal = place.terminal("top", "-d", "60")
    terminal.expect(b"rt-b")
    terminal.type(b"q")
    check(terminal.finish()[0], 0)
    check(terminal.after, terminal.before)
    terminal = place.terminal("top", "-d", "60")
    terminal.expect(b"rt-b")
    terminal.process.send_signal(15)
    check(terminal.finish()[0], 143)
    check(terminal.after, terminal.before)


def resources(place):
    found = {"board": "b", "cpus": [{"cpu": 0, "mpidr": "0x0", "owner": "root", "zone": 0, "name": "root"},
                                    {"cpu": 1, "mpidr": "0x1", "owner": "zone", "zone": 1, "name": EVIL,
                                     "also": {"owner": "zone", "zone": 2, "name": "other"}}],
             "memory": [{"type": "ram", "start": "0x40000000", "size": "0x100000", "owner": "nobody"}],
             "interrupts": [{"intid": n, "owner": "nobody"} for n in (33, 34, 40)]}
    fake = daemon(place, resources_get=lambda params, *_: {"resources": "<svg/>" if params else found})
    _, out, _ = place.ctl("resources")
    assert f"{EVIL_SHOWN}, but also other" in out and "33-34,40" in out and "1 MiB" in out, out
    check(json.loads(place.ctl("resources", "--json")[1]), found)
    check(place.ctl("resources", "--svg"), (0, "<svg/>", ""))
    check(place.ctl("resources", "--svg=map.svg")[0], 0)
    with open(place.dir + "/map.svg") as file:
        check(file.read(), "<svg/>")
    check(fake.asked("resources.get")[-1], {"format": "svg"})
    check(place.ctl("resources", "--svg=/nowhere/map.svg")[0], 1)
    # with files nobody is asked
    fake.requests.clear()
    examples = sys.argv[1] + "/examples/boards/"
    status, out, _ = place.ctl("resources", "--platform", examples + "imx8mp-evk.json", "--root-config",
                               examples + "imx8mp-evk-root.json", "--json")
    check((status, json.loads(out)["board"], fake.requests), (0, "imx8mp-evk", []))
    status, out, _ = place.ctl("resources", "--platform", "qemu-virt", "--svg")
    check((status, "<svg" in out), (0, True))
    check(place.ctl("resources", "--platform", "no-such-board")[0], 5)
    check(place.ctl("check", "--platform", examples + "imx8mp-evk.json", "nothing.json")[0], 5)


run([changes, patterns, statuses, several, no_daemon, usage, manual, lists, colors, watching, progress, waits, events,
     differences, reloads, shows, top, resources])
