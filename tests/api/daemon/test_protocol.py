# SPDX-License-Identifier: GPL-2.0-or-later
"""What goes over the socket, from friends and from others."""
import json
import os
import re
import signal

from rig import SIZE_COUNTS, Client, run, text, type_into, wait_for


def greeting(rig):
    client = rig.start()
    hello = client.greeting["hvisord"]
    assert hello["protocol"] == 1 and {"events", "console", "more"} <= set(hello["caps"])
    assert hello["limits"]["line"] == 1048576 and hello["limits"]["depth"] == 32
    assert hello["limits"]["in_flight"] == 8 and len(hello["boot_id"]) == 32


def errors_have_places(rig):
    client = rig.start()
    cases = [
        (b"{", None, -32700, "json.syntax"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.list","id":2}', None, -32700, "json.duplicate_key"),
        (b"\xff", None, -32700, "json.utf8"),
        (b"", None, -32700, "json.empty"),
        (b"[]", None, -32600, "protocol.request"),
        (b"7", None, -32600, "protocol.request"),
        (b'{"id":1,"method":"zone.list"}', None, -32600, "protocol.request"),
        (b'{"jsonrpc":"2.0","id":[],"method":"zone.list"}', None, -32600, "protocol.request"),
        (b'{"jsonrpc":"2.0","id":5,"method":"zone.lst"}', 5, -32601, "protocol.method"),
        (b'{"jsonrpc":"2.0","id":"a","method":"zone.get"}', "a", -32602, "protocol.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.get","params":[1]}', 1, -32602, "protocol.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.get","params":{"zone":-1}}', 1, -32602, "protocol.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.get","params":{"zone":1.5}}', 1, -32602, "protocol.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.get","params":{"zone":1,"x":1}}', 1, -32602,
         "protocol.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.stop","params":{"zone":1,"mode":"kindly"}}', 1, -32602,
         "protocol.params"),
        (b'{"jsonrpc":"2.0","id":1,"method":"zone.start","params":{"zone":1,"timeout_ms":0}}', 1, -32602,
         "protocol.params"),
    ]
    for line, id, code, reason in cases:
        client.send_bytes(line + b"\n")
        answer = client.receive()
        assert answer["id"] == id and answer["error"]["code"] == code, (line, answer)
        assert answer["error"]["data"]["reason"] == reason, (line, answer)
    error = client.error("zone.start", zone=1, timeout_ms="soon")
    assert error["data"]["pointer"] == "/params/timeout_ms", error
    assert client.result("zone.list")["zones"]


def limits_cost_the_connection(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)

    def broken(send):
        other = Client(rig.socket)
        try:
            send(other)
        except (BrokenPipeError, ConnectionResetError):
            pass
        last = message = other.receive()
        while message is not None:
            last, message = message, other.receive()
        assert last is None or last["error"]["data"]["reason"] == "protocol.limit", last

    broken(lambda other: other.send_bytes(b"[" * 33 + b"]" * 33 + b"\n"))
    broken(lambda other: other.send_bytes(b" " * (1 << 20) + b"\n"))
    broken(lambda other: other.send_bytes(b"x" * (3 << 20)))
    broken(lambda other: [other.send("console.attach", {"zone": 2, "more": True}) for _ in range(9)])
    assert client.result("zone.list")["zones"]
    # as long as it may be, and not longer
    line = b'{"jsonrpc":"2.0","id":1,"method":"zone.list"'
    client.send_bytes(line + b" " * ((1 << 20) - len(line) - 2) + b"}\n")
    assert "result" in client.answer(1)


def limits_may_be_reached(rig):
    """What is just within the limits is served as anything else."""
    rig.zone(2, [2])
    client = rig.start()
    deep = b'{"jsonrpc":"2.0","id":"d","method":"zone.get","params":{"zone":' + b"[" * 30 + b"]" * 30 + b"}}\n"
    client.send_bytes(deep)
    assert client.answer("d")["error"]["data"]["pointer"] == "/params/zone"
    ids = [client.send("zone.wait", {"zone": 2, "state": "running"}) for _ in range(8)]
    # those that are answered at once do not count
    for _ in range(20):
        assert client.result("zone.list")["zones"]
    other = Client(rig.socket)
    other.result("zone.start", zone=2)
    for id in ids:
        assert client.answer(id)["result"]["state"] == "running"


def cancelling(rig):
    """By number and by text, as a request and as a notification, once."""
    rig.zone(2, [2])
    client = rig.start()
    wait = {"zone": 2, "state": "running"}
    for id in (77, "seventy", "7\u00e9\\", -1, 1.5):
        client.send("zone.wait", wait, id=id)
        assert not client.result("$/cancel", id="another")["cancelled"]
        client.send("zone.wait", wait, id=id)
        assert client.answer(id)["error"]["data"]["reason"] == "protocol.request", "an id is in use"
        assert client.result("$/cancel", id=id)["cancelled"]
        assert client.answer(id)["error"]["data"]["reason"] == "request.cancelled"
        assert not client.result("$/cancel", id=id)["cancelled"]
    id = client.send("zone.wait", wait)
    client.send_bytes(b'{"jsonrpc":"2.0","method":"$/cancel","params":{"id":%d}}\n' % id)
    assert client.answer(id)["error"]["data"]["reason"] == "request.cancelled"
    # nobody cancels another's
    id = client.send("zone.wait", wait)
    assert not Client(rig.socket).result("$/cancel", id=id)["cancelled"]
    # a notification is done, and not answered
    client.send_bytes(b'{"jsonrpc":"2.0","method":"zone.start","params":{"zone":2}}\n')
    assert client.answer(id)["result"]["state"] == "running"
    assert client.result("zone.list")["zones"] and not client.other


def answers_follow_their_events(rig):
    """Whatever an answer's seq includes was sent before the answer."""
    rig.zone(2, [2])
    client = rig.start()
    last = client.result("events.subscribe")["seq"]
    for method in ("zone.start", "zone.pause", "zone.resume", "zone.restart", "zone.stop"):
        answer = client.result(method, zone=2)
        seqs = [message["params"]["seq"] for message in client.other]
        assert seqs == list(range(last + 1, answer["seq"] + 1)) and seqs, (method, last, answer, seqs)
        last, client.other = answer["seq"], []


def describes_itself(rig):
    """schema.get is what the reference is made from; system.info names where things are."""
    client = rig.start()
    schema = client.result("schema.get")["schema"]
    assert schema == json.loads(rig.ctl("schema", "--json").stdout)
    with open(os.path.dirname(os.path.abspath(__file__)) + "/../../../docs/protocol.md") as file:
        reference = file.read()
    for method in schema["methods"]:
        assert f"### {method['name']}\n" in reference, method
        # every one is served: with what it must have missing, or answered
        reason = client.call(method["name"]).get("error", {}).get("data", {}).get("reason", "protocol.params")
        assert reason == "protocol.params", (method["name"], reason)
        changes = [one["name"] for one in method["params"] if one["name"] == "request_key"]
        assert bool(changes) == (method["access"] == "change"), method["name"]
    with open(os.path.dirname(os.path.abspath(__file__)) + "/../../../docs/man/hvisor-protocol.7") as file:
        page = file.read()
    for method in schema["methods"]:
        assert re.search(r"[ \n]" + re.escape(method["name"]) + r"\b", page), method["name"]
    assert len({error["code"] for error in schema["errors"]}) == len(schema["errors"])
    limits = {limit["name"]: limit["value"] for limit in schema["limits"]}
    assert limits == client.greeting["hvisord"]["limits"]
    info = client.result("system.info")
    assert info["pid"] == rig.daemon.pid and info["boot_id"] == client.greeting["hvisord"]["boot_id"]
    assert (info["config_dir"], info["state_dir"]) == (rig.config_dir, rig.state_dir)
    assert info["platform"]["name"] == "qemu-virt" and info["hypervisor"]["pool_pages"] > 0


def pieces_and_pipelines(rig):
    client = rig.start()
    for byte in b'{"jsonrpc":"2.0","id":1,"method":"system.info"}\r\n':
        client.send_bytes(bytes([byte]))
    assert client.answer(1)["result"]["backend"] == "sim"
    # many at once, more than any queue holds: none is lost, order is kept
    count = 5000
    lines = b"".join(b'{"jsonrpc":"2.0","id":%d,"method":"zone.list"}\n' % i for i in range(count))
    pid = os.fork()
    if pid == 0:
        client.socket.sendall(lines)
        os._exit(0)
    for i in range(count):
        assert client.receive()["id"] == i
    os.waitpid(pid, 0)


def half_closed(rig):
    client = rig.start()
    client.send_bytes(b'{"jsonrpc":"2.0","id":1,"method":"zone.check"}\n{"jsonrpc":"2.0","id":2,"method":"zone.list"}\n')
    client.socket.shutdown(1)
    assert {client.receive()["id"], client.receive()["id"]} == {1, 2}
    assert client.receive() is None


def who_does_not_read_harms_nobody(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    idle = rig.memory_kib()
    deaf = [Client(rig.socket) for _ in range(10)]
    for other in deaf:
        other.send("events.subscribe")
        other.send("console.attach", {"zone": 2, "more": True, "replay": 1048576})
        other.socket.setblocking(False)
        try:
            while True:
                other.send_bytes(b'{"jsonrpc":"2.0","id":9,"method":"schema.get"}\n' * 100)
        except BlockingIOError:
            pass
    for _ in range(20):
        type_into(client, 2, b"flood 100000\n")
        assert client.result("zone.list")["zones"]
    print(f"# RSS {idle} KiB; with ten clients that do not read {rig.memory_kib()} KiB")
    assert rig.memory_kib() - idle < 10 * 1024 or not SIZE_COUNTS
    for other in deaf:
        other.close()
    assert client.result("zone.stop", zone=2)["state"] == "stopped"


def who_asks_for_no_answer_takes_turns(rig):
    """Requests without an id fill no output that would have to be read: they must not hold up others all the same."""
    for id in range(1, 41):
        rig.zone(id, [2])
    client, other = rig.start(), Client(rig.socket)
    count = 1000
    other.socket.setblocking(False)
    blob = b'{"jsonrpc":"2.0","method":"resources.get","params":{"format":"svg"}}\n' * count
    blob = blob[other.socket.send(blob):]

    def count_done():
        metrics = {metric["name"]: metric["samples"] for metric in client.result("metrics.get")["metrics"]}
        return next(sample["value"] for sample in metrics["hvisord_requests"]
                    if sample["labels"]["method"] == "resources.get")

    done = [count_done() for _ in range(5)][-1]
    assert 0 < done < count / 2, done
    other.socket.setblocking(True)
    other.send_bytes(blob)
    assert other.result("system.info")["backend"]
    assert count_done() == count


def events_resume_and_are_counted(rig):
    rig.zone(2, [2])
    client = rig.start()
    seq = client.result("zone.list")["seq"]
    client.result("zone.start", zone=2)
    other = Client(rig.socket)
    answer = other.result("events.subscribe", match=["zone.st*"], since=seq)
    assert answer["lost"] == 0
    seen = [other.event(lambda event: True) for _ in range(3)]
    assert [event["to"] for event in seen] == ["loading", "starting", "running"]
    assert [event["seq"] for event in seen] == [seq + 1, seq + 2, seq + 3]
    for _ in range(80):
        client.result("zone.restart", zone=2)
    assert Client(rig.socket).result("events.subscribe", since=0)["lost"] > 0
    assert client.reason("events.subscribe", since=10**9) == "protocol.params"
    # one that does not read is told how many it missed
    slow = Client(rig.socket)
    slow.result("events.subscribe")
    first = client.result("zone.list")["seq"]
    while client.result("zone.list")["seq"] < first + 4000:
        client.result("zone.restart", zone=2)
    seqs = []
    lost = 0
    client.result("zone.stop", zone=2)
    last = client.result("zone.list")["seq"]
    while not seqs or seqs[-1] < last:
        event = slow.event(lambda event: True)
        seqs.append(event["seq"])
        if event["type"] == "events.lost":
            lost += event["count"]
    others = len(seqs) - (1 if lost else 0)
    assert others + lost == last - first, (others, lost, first, last)


def console_streams(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    assert client.reason("console.attach", zone=2, more=True) == "zone.not_running"
    client.result("zone.start", zone=2)
    watchers = [Client(rig.socket) for _ in range(3)]
    ids = [watcher.send("console.attach", {"zone": 2, "more": True, "replay": 4096}) for watcher in watchers]
    client.result("console.resize", zone=2, columns=132, rows=43)
    type_into(client, 2, b"flood 200000\n")
    type_into(client, 2, b"end\n")
    # a latecomer gets all that is kept without anything new having to come
    late = Client(rig.socket)
    id = late.send("console.attach", {"zone": 2, "more": True, "replay": 1048576})
    got = b""
    while not got.endswith(b"end\n"):
        got += text(late.answer(id)["result"])
    assert got.startswith(b"booted")
    for watcher, id in zip(watchers, ids):
        got, position = b"", None
        while not got.endswith(b"end\n"):
            message = watcher.answer(id)
            assert message["continues"], message
            position = message["result"]["pos"] if position is None else position
            assert message["result"]["pos"] == position + len(got), "bytes were lost"
            got += text(message["result"])
        assert b"booted console,0xa003c00,0x200,78" in got and b"size 132x43" in got
        assert got.count(b"abcdefghijklmnopqrstuvwxyz") == 200000 // 26
    # cancelled: the last answer is an error
    watchers[0].send_bytes(json.dumps({"jsonrpc": "2.0", "id": "c", "method": "$/cancel",
                                       "params": {"id": ids[0]}}).encode() + b"\n")
    assert watchers[0].answer(ids[0])["error"]["data"]["reason"] == "request.cancelled"
    assert watchers[0].answer("c")["result"]["cancelled"]
    # over a reset the stream goes on, at the zone's end it ends
    type_into(client, 2, b"guest reset\n")
    got = b""
    while b"booted" not in got:
        got += text(watchers[1].answer(ids[1])["result"])
    type_into(client, 2, b"guest off\n")
    message = watchers[1].answer(ids[1])
    while message.get("continues"):
        message = watchers[1].answer(ids[1])
    assert message["result"]["state"] == "stopped", message
    # what it said is kept
    assert b"guest off" in text(client.result("console.attach", zone=2, replay=1000))
    assert client.reason("console.write", zone=2, b64="YQ==") == "zone.not_running"
    assert client.reason("console.attach", zone=0) == "console.none"


def input_waits_for_the_guest(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    type_into(client, 2, b"deaf\n")
    # more than a socket holds: some write stays unanswered, and can be given up
    ids = [client.send("console.write", {"zone": 2, "b64": "YWFh" * 20000}) for _ in range(8)]
    client.send_bytes(b'{"jsonrpc":"2.0","id":"c","method":"$/cancel","params":{"id":%d}}\n' % ids[-1])
    assert client.answer("c")["result"]["cancelled"]
    client.close()
    other = Client(rig.socket)
    assert other.result("zone.stop", zone=2)["state"] == "stopped"


def ctl(rig):
    rig.zone(2, [2], console=True)
    assert rig.ctl("list").returncode == 7
    rig.start()
    assert rig.ctl("frobnicate").returncode == 2 and rig.ctl("start").returncode == 2
    assert rig.ctl("list", "--platform", "x").returncode == 2
    assert rig.ctl("start", "9").returncode == 4 and rig.ctl("stop", "2").returncode == 3
    assert rig.ctl("start", "z2").returncode == 0 and rig.ctl("start", "2").returncode == 1
    zones = json.loads(rig.ctl("list", "--json").stdout)["zones"]
    assert [zone["state"] for zone in zones] == ["running", "running"]
    assert json.loads(rig.ctl("status", "2", "--json").stdout)["device"]["state"] == "ready"
    assert b"pool" in rig.ctl("status").stdout
    out = rig.ctl("console", "2", "--idle-ms", "300", input=b"hello\n")
    assert out.returncode == 0 and b"booted" in out.stdout and b"hello\n" in out.stdout, out
    out = rig.ctl("console", "2", "--no-replay", input=b"guest off\n")
    assert out.returncode == 0 and b"booted" not in out.stdout and b"stopped" in out.stderr, out
    out = rig.ctl("console", "2", input=b"")
    assert out.returncode == 3 and b"hello" in out.stdout, out
    rig.zone(2, [77])
    out = rig.ctl("start", "2")
    assert out.returncode == 5 and b"/cpus" in out.stderr, out
    assert rig.ctl("check", rig.config_dir).returncode == 5
    rig.zone(2, [2], console=True)
    assert rig.ctl("check", rig.config_dir).returncode == 0
    assert rig.ctl("start", "2").returncode == 0
    os.kill(rig.daemon.pid, signal.SIGSTOP)
    assert rig.ctl("stop", "2", "--timeout", "0.01").returncode == 124
    os.kill(rig.daemon.pid, signal.SIGCONT)
    assert rig.ctl("version").stdout.count(b"0.1.0") == 2


run([greeting, errors_have_places, limits_cost_the_connection, limits_may_be_reached, cancelling,
     answers_follow_their_events, describes_itself, pieces_and_pipelines,
     half_closed, who_does_not_read_harms_nobody, who_asks_for_no_answer_takes_turns,
     events_resume_and_are_counted, console_streams, input_waits_for_the_guest, ctl])
