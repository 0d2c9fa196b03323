# SPDX-License-Identifier: GPL-2.0-or-later
"""What each method answers, and what it waits for."""
import json
import os
import signal
import xml.etree.ElementTree

import openmetrics
from rig import Client, log, run, type_into, wait_for


def waits(rig):
    """zone.wait is answered by the change itself, by its time, by its end; others go on meanwhile."""
    rig.zone(2, [2], console=True)
    rig.zone(3, [3])
    client, other = rig.start(), Client(rig.socket)
    assert client.result("zone.wait", zone=2, state="stopped")["state"] == "stopped"
    assert client.result("zone.wait", zone="z2", state="settled")["state"] == "stopped"
    assert client.result("zone.wait", zone=0, state="running")["state"] == "running"
    waiting = client.send("zone.wait", {"zone": 2, "state": "running"})
    elsewhere = client.send("zone.wait", {"zone": 3, "state": "running", "timeout_ms": 3600000})
    started = other.result("zone.start", zone=2)
    answer = client.answer(waiting)["result"]
    assert answer["state"] == "running" and answer["seq"] == started["seq"], (answer, started)
    # a state that the zone only passes through is seen as well
    paused = client.send("zone.wait", {"zone": 2, "state": "paused"})
    ended = client.send("zone.wait", {"zone": 2, "state": "ended"})
    other.send("zone.pause", {"zone": 2})
    other.send("zone.resume", {"zone": 2})
    assert client.answer(paused)["result"]["state"] == "paused"
    assert client.result("zone.wait", zone=2, state="running")["state"] == "running"
    type_into(other, 2, b"guest off\n")
    answer = client.answer(ended)["result"]
    assert answer["state"] == "stopped" and answer["reason"] == "guest_off", answer
    error = client.error("zone.wait", zone=2, state="crashed", timeout_ms=20)
    assert error["data"]["reason"] == "zone.wait_timeout" and error["data"]["state"] == "stopped", error
    assert client.reason("zone.wait", zone=9, state="running") == "zone.unknown"
    assert client.reason("zone.wait", zone=2, state="dancing") == "protocol.params"
    # given up, and a client that goes while it waits
    assert client.result("$/cancel", id=elsewhere)["cancelled"]
    assert client.answer(elsewhere)["error"]["data"]["reason"] == "request.cancelled"
    gone = [Client(rig.socket) for _ in range(4)]
    for one in gone:
        one.send("zone.wait", {"zone": 3, "state": "running"})
    # those that are half closed stay for their answer
    gone[0].socket.shutdown(1)
    for one in gone[1:]:
        one.close()
    wait_for(lambda: client.result("system.info")["connections"] == 3, "the clients are gone")
    client.result("zone.start", zone=3)
    assert gone[0].answer(1)["result"]["state"] == "running"
    # a zone that goes away need not be waited for
    client.result("zone.stop", zone=3, mode="force")
    waiting = client.send("zone.wait", {"zone": 3, "state": "running"})
    os.unlink(rig.config_dir + "/zone3.json")
    assert client.answer(waiting)["error"]["data"]["reason"] == "zone.unknown"


def reloads(rig):
    """config.reload sees what was written before it, without waiting for it to settle."""
    client = rig.start()
    assert client.result("config.reload")["zones"] == 0
    rig.zone(2, [2])
    rig.zone(3, [3])
    answer = client.result("config.reload")
    assert answer["good"] and answer["zones"] == 2 and answer["findings"] == [], answer
    assert answer["seq"] == client.result("zone.list")["seq"]
    rig.zone(3, [2])
    answer = client.result("config.reload")
    assert not answer["good"] and {finding["reason"] for finding in answer["findings"]} == {"zone.cpu_conflict"}, answer


def differences(rig):
    """What a running zone has, against what its file says now."""
    rig.zone(2, [2])
    client = rig.start()
    assert client.reason("zone.diff", zone=2) == "zone.not_running"
    assert client.reason("zone.diff", zone=0) == "zone.is_root"
    client.result("zone.start", zone=2)
    assert client.result("zone.diff", zone=2) == {"differs": False, "good": True, "differences": []}

    def listed():
        return client.result("zone.list", match=["z2"])["zones"][0]
    assert "differs" not in listed()
    rig.zone(2, [2, 3])
    answer = client.result("zone.diff", zone=2)
    assert answer["differs"] and [one["pointer"] for one in answer["differences"]] == ["/cpus", "/dtb_filepath"], answer
    one = answer["differences"][0]
    assert "3" not in one["running"] and "3" in one["file"], one
    # seen everywhere, and what runs is as it was
    assert listed()["differs"] and listed()["cpus"] == [2]
    assert client.result("zone.get", zone=2)["zone"]["file_differs"]
    # the same for a daemon that finds the zone running
    rig.kill()
    client = rig.start()
    assert client.result("zone.diff", zone=2) == answer
    rig.image("zone2.json", "{")
    assert client.reason("zone.diff", zone=2).startswith("json.")
    os.unlink(rig.config_dir + "/zone2.json")
    answer = client.result("zone.diff", zone=2)
    assert answer["differs"] and answer["differences"][0]["pointer"] == "", answer
    rig.zone(2, [2, 3])
    client.result("zone.restart", zone=2)
    assert not client.result("zone.diff", zone=2)["differs"] and listed()["cpus"] == [2, 3]


def owners(rig):
    """resources.get: JSON and a picture of one truth."""
    rig.zone(2, [2])
    rig.zone(3, [3])
    client = rig.start()
    owner = {cpu["cpu"]: cpu.get("name", cpu["owner"]) for cpu in client.result("resources.get")["resources"]["cpus"]}
    assert owner[0] == "root" and owner[2] == "z2" and owner[3] == "z3", owner
    held = client.result("resources.get", running=True)["resources"]
    assert [cpu["owner"] for cpu in held["cpus"][2:4]] == ["nobody", "nobody"], held
    client.result("zone.start", zone=2)
    rig.zone(2, [1, 2])
    client.result("config.reload")
    # a zone that runs owns what it was started with
    held = client.result("resources.get", running=True)["resources"]
    assert [cpu["owner"] for cpu in held["cpus"][2:4]] == ["zone", "nobody"], held
    ram = next(part for part in held["memory"] if part.get("name") == "z2")
    assert (ram["start"], ram["size"]) == ("0x82000000", "0x1000000"), ram
    picture = client.result("resources.get", format="svg")
    assert "resources" not in picture
    root = xml.etree.ElementTree.fromstring(picture["svg"])
    assert root.tag.endswith("svg") and "z2" in picture["svg"] and "z3" in picture["svg"]
    assert client.reason("resources.get", format="png") == "protocol.params"


def filters(rig):
    """Patterns of names for lists and events; resuming goes through the same filter."""
    for id, name in ((2, "rt-a"), (3, "rt-b")):
        rig.zone(id, [id], name=name)
    client = rig.start()

    def names(*match):
        return [zone["name"] for zone in client.result("zone.list", match=list(match))["zones"]]
    assert names("rt-?") == ["rt-a", "rt-b"] and names("*b", "root") == ["root", "rt-b"] and names("none") == []
    assert names("*") == ["root", "rt-a", "rt-b"]
    # no pattern costs more than its length times the name's
    assert names(*["*a" * 32] * 16) == []
    first = client.result("zone.list")["seq"]
    live, late = Client(rig.socket), Client(rig.socket)
    live.result("events.subscribe", zones=["rt-*"], match=["zone.state"])
    for zone in ("rt-b", "rt-a"):
        client.result("zone.start", zone=zone)
        client.result("zone.stop", zone=zone, mode="force")
    late.result("events.subscribe", zones=["*-a"], match=["zone.s*"], since=first)
    seen = [live.event(lambda event: True) for _ in range(10)]
    assert [event["zone"] for event in seen] == ["rt-b"] * 5 + ["rt-a"] * 5, seen
    again = [late.event(lambda event: True) for _ in range(5)]
    assert again == seen[5:], again
    assert all(event["cause"]["kind"] == "client" and event["cause"]["pid"] == os.getpid()
               for event in seen if event["to"] in ("loading", "stopping")), seen
    # the next daemon counts anew: who asks for what it has not had is told
    rig.kill()
    client = rig.start()
    assert client.reason("events.subscribe", since=seen[-1]["seq"] + 1000) == "protocol.params"


def dry_runs(rig):
    """What would be, or the error that would come; and nothing is."""
    rig.zone(2, [2])
    rig.zone(3, [9])
    client = rig.start()
    first = client.result("zone.list")["seq"]
    for verb, state in (("start", "running"), ("restart", "running")):
        answer = client.result("zone." + verb, zone=2, dry_run=True)
        assert (answer["state"], answer["dry_run"]) == (state, True), answer
    assert client.reason("zone.stop", zone=2, dry_run=True) == "zone.not_running"
    assert client.error("zone.start", zone=3, dry_run=True)["data"]["findings"]
    assert client.result("zone.list")["seq"] == first
    client.result("zone.start", zone=2)
    first = client.result("zone.list")["seq"]
    for verb, state in (("stop", "stopped"), ("kill", "stopped"), ("pause", "paused"), ("restart", "running")):
        answer = client.result("zone." + verb, zone=2, dry_run=True)
        assert (answer["state"], answer["dry_run"]) == (state, True), answer
    for verb, reason in (("start", "zone.already_running"), ("resume", "zone.not_paused")):
        assert client.reason("zone." + verb, zone=2, dry_run=True) == reason
    assert client.reason("zone.stop", zone=2, mode="graceful", dry_run=True) == "zone.not_graceful"
    assert client.result("zone.list")["seq"] == first


def progress(rig):
    """Bytes loaded, growing up to all of them, before the answer; only for who wants to know."""
    rig.zone(2, [2])
    size = 12 << 20
    rig.image("Image2", b"sim:run\n" + bytes(size - 8))
    client = rig.start()
    assert "progress" in client.greeting["hvisord"]["caps"]
    for verb in ("start", "restart"):
        id = client.send("zone." + verb, {"zone": 2, "more": True})
        told = []
        message = client.answer(id)
        while message.get("continues"):
            told.append(message["result"])
            message = client.answer(id)
        assert message["result"]["state"] == "running" and "loaded" not in message["result"], message
        loaded = [one["loaded"] for one in told]
        assert loaded == sorted(loaded) and loaded[-1] == told[-1]["total"] >= size, told
    id = client.send("zone.restart", {"zone": 2})
    assert not client.answer(id).get("continues")


EVIL = 'a"b\\c\u00e9'
# one that is refused, and shown all the same
BROKEN = 'x\ny"\\'


def figures(rig):
    """metrics.get: both formats say the same, one of them to the letter of its standard."""
    rig.device_program = None
    rig.zone(2, [2], console=True, name=EVIL)
    rig.image("Image2", "sim:print 1000; run")
    rig.zone(3, [3])
    rig.image("Image3", "sim:fault")
    rig.zone(4, [], name=BROKEN)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.result("zone.start", zone=3)
    client.result("zone.wait", zone=3, state="crashed")
    wait_for(lambda: client.result("zone.get", zone=2)["zone"]["console"]["end"] >= 1000, "it prints")
    for _ in range(7):
        client.call("zone.get", zone=77)
    families = openmetrics.parse(client.result("metrics.get", format="openmetrics")["openmetrics"])

    def value(name, **labels):
        found = [value for family in families.values() for sample, has, value in family.samples
                 if sample == name and labels.items() <= has.items()]
        assert len(found) == 1, (name, labels, found)
        return found[0]
    assert value("hvisord_request_errors_total", reason="zone.unknown") == 7
    assert value("hvisord_requests_total", method="zone.start") == 2
    assert value("hvisord_request_seconds_count", method="zone.wait") == 1
    assert value("hvisord_request_seconds_sum", method="zone.start") > 0
    assert value("hvisord_requests_total", method="zone.stop") == 0
    assert value("hvisord_connections") == 1 and value("hvisord_resident_bytes") > 1 << 20
    assert value("hvisord_descriptors") > 5
    assert value("hvisor_zone_state", zone=EVIL, id="2", hvisor_zone_state="running") == 1
    assert value("hvisor_zone_state", zone=BROKEN, hvisor_zone_state="invalid") == 1
    assert value("hvisor_zone_state", zone="z3", hvisor_zone_state="crashed") == 1
    assert value("hvisor_zone_crashes_total", zone="z3") == 1 and value("hvisor_zone_crashes_total", id="2") == 0
    assert value("hvisor_zone_starts_total", id="2") == 1
    assert value("hvisor_zone_console_bytes_total", id="2") >= 1000
    assert value("hvisor_zone_device_resident_bytes", id="2") > 1 << 16
    assert value("hvisord_events_total") == client.result("zone.list")["seq"]
    assert families["hvisord_uptime_seconds"].about["UNIT"] == "seconds"
    as_json = client.result("metrics.get")["metrics"]
    assert [one["name"] for one in as_json] == list(families)
    for one in as_json:
        family = families[one["name"]]
        assert (one["type"], one["help"]) == (family.about["TYPE"], family.about["HELP"])
        assert len({json.dumps(sample.get("labels")) for sample in one["samples"]}) == len(one["samples"]), one
    starts = next(one for one in as_json if one["name"] == "hvisor_zone_starts")["samples"]
    assert {"labels": {"zone": EVIL, "id": "2"}, "value": 1} in starts, starts
    assert client.reason("metrics.get", format="xml") == "protocol.params"
    assert client.result("zone.get", zone=3)["zone"]["cause"] == {"kind": "guest"}
    assert client.result("zone.get", zone=2)["zone"]["cause"]["pid"] == os.getpid()
    # two looks, and what top makes of them
    device = client.result("zone.get", zone=2)["zone"]["device"]
    assert device["cpu_ms"] >= 0 and device["rss"] > 1 << 16, device


def keys(rig):
    """A request_key: done once, whoever asks again, however often, over whatever connection."""
    rig.zone(2, [2])
    rig.image("Image2", b"sim:run\n" + bytes(12 << 20))
    client, other = rig.start(), Client(rig.socket)
    first = client.send("zone.start", {"zone": 2, "request_key": "start it", "more": True})
    # the same one again while it runs, and several times after
    again = other.send("zone.start", {"request_key": "start it", "zone": 2})
    told = 0
    message = client.answer(first)
    while message.get("continues"):
        told += message["result"]["loaded"] <= message["result"]["total"]
        message = client.answer(first)
    assert told and message["result"]["state"] == "running", message
    assert other.answer(again)["result"] == message["result"]
    for one in (client, other, Client(rig.socket)):
        assert one.result("zone.start", zone=2, request_key="start it") == message["result"]
    assert client.result("zone.get", zone=2)["zone"]["counters"]["starts"] == 1
    # another request under its name
    assert client.reason("zone.stop", zone=2, request_key="start it") == "request.key_reused"
    assert client.reason("zone.start", zone=2, timeout_ms=5, request_key="start it") == "request.key_reused"
    # errors are answers, whatever became true since
    assert client.reason("zone.start", zone=2, request_key="b") == "zone.already_running"
    client.result("zone.stop", zone=2, mode="force", request_key="c")
    assert client.reason("zone.start", zone=2, request_key="b") == "zone.already_running"
    # a dry run takes no key
    assert client.result("zone.start", zone=2, dry_run=True, request_key="d")["dry_run"]
    assert client.result("zone.start", zone=2, request_key="d")["state"] == "running"
    for bad in ("", "x" * 65, "a\nb", "\u00e9"):
        error = client.error("zone.stop", zone=2, request_key=bad)["data"]
        assert (error["reason"], error["pointer"]) == ("protocol.params", "/params/request_key"), error
    assert client.result("zone.pause", zone=2, request_key="x" * 64)["state"] == "paused"
    # of all that changes something
    assert client.result("config.reload", request_key="r")["good"]
    rig.zone(3, [77])
    assert client.result("config.reload", request_key="r")["good"] and not client.result("config.reload")["good"]


def keys_wait_and_are_given_up(rig):
    """Of those who wait for one change some go; the change is given up with the last who says so."""
    rig.zone(2, [2], console=True)
    rig.environment["HVISOR_TEST_DEVICE"] = "mute"
    client = rig.start()
    asked = {"zone": 2, "request_key": "k"}

    def state():
        return client.result("zone.get", zone=2)["zone"]["state"]
    askers = [Client(rig.socket) for _ in range(4)]
    ids = [asker.send("zone.start", asked) for asker in askers]
    wait_for(lambda: state() == "starting", "the start got to its device process")
    # the first who asked is gone, another one gave up: it goes on
    askers[0].close()
    assert askers[1].result("$/cancel", id=ids[1])["cancelled"]
    assert askers[1].answer(ids[1])["error"]["data"]["reason"] == "request.cancelled"
    wait_for(lambda: client.result("system.info")["connections"] == 4, "the first is gone")
    askers[2].close()
    wait_for(lambda: client.result("system.info")["connections"] == 3, "another one is gone")
    assert state() == "starting"
    assert askers[3].result("$/cancel", id=ids[3])["cancelled"]
    assert askers[3].answer(ids[3])["error"]["data"]["reason"] == "request.cancelled"
    wait_for(lambda: state() == "stopped", "the start was undone")
    assert client.reason("zone.start", **asked) == "request.cancelled"
    # nobody waits any more, and nobody gave up: it is done, and its answer is there for who asks again
    asked = {"zone": 2, "request_key": "l", "timeout_ms": 500}
    lonely = Client(rig.socket)
    lonely.send("zone.start", asked)
    wait_for(lambda: state() == "starting", "it was begun")
    lonely.close()
    assert client.reason("zone.start", **asked) == "zone.start_timeout"
    assert client.reason("zone.start", **asked) == "zone.start_timeout"
    # eight of one connection wait for one change, and its place is free again
    askers[3].send("zone.start", {"zone": 2, "request_key": "m", "timeout_ms": 300})
    for _ in range(7):
        askers[3].send("zone.start", {"zone": 2, "request_key": "m", "timeout_ms": 300})
    assert {askers[3].receive()["error"]["data"]["reason"] for _ in range(8)} == {"zone.start_timeout"}


def keys_outlive_the_daemon(rig):
    """What was finished is answered by the next daemon; what was under way is not done a second time."""
    rig.zone(2, [2])
    rig.zone(3, [3])
    rig.environment["HVISOR_TEST_DEVICE"] = "mute"
    client = rig.start()
    started = client.result("zone.start", zone=2, request_key="one")
    failed = client.error("zone.stop", zone=3, request_key="two")
    rig.kill()
    client = rig.start()
    assert client.result("zone.start", zone=2, request_key="one") == started
    assert client.error("zone.stop", zone=3, request_key="two") == failed
    assert client.reason("zone.stop", zone=2, request_key="one") == "request.key_reused"
    # killed, and told to end, while it waits for the device process
    rig.zone(3, [3], console=True)
    for key, number in (("three", signal.SIGKILL), ("four", signal.SIGTERM)):
        client.send("zone.start", {"zone": 3, "request_key": key})
        wait_for(lambda: client.result("zone.get", zone=3)["zone"]["state"] == "starting", "it was begun")
        rig.kill(number)
        client = rig.start()
        assert client.reason("zone.start", zone=3, request_key=key) == "request.unknown_outcome"
        assert client.reason("zone.start", zone=3, request_key=key) == "request.unknown_outcome"
        client.result("zone.wait", zone=3, state="ended")
        assert client.result("zone.get", zone=3)["zone"]["counters"]["starts"] == 0
    # a torn or foreign file is set aside, and does not keep the daemon from starting
    path = rig.state_dir + "/requests.json"
    with open(path) as file:
        kept = json.load(file)
    assert {one["key"] for one in kept["requests"]} >= {"one", "two", "three", "four"}, kept
    rig.kill()
    with open(path, "w") as file:
        file.write(json.dumps(kept)[:-20])
    client = rig.start()
    assert client.reason("zone.start", zone=2, request_key="one") == "zone.already_running"
    rig.kill()
    # records that mean nothing are left out, the others count; an old one is forgotten
    old = dict(kept["requests"][0], key="old", time=kept["requests"][0]["time"] - 7200)
    wrong = [7, {}, dict(old, method="zone.list2"), dict(old, params="AA=="), dict(old, answer={}), dict(old, uid=-1),
             dict(old, answer={"result": {}, "error": {}}), dict(old, key="x" * 65), dict(old, time="now")]
    with open(path, "w") as file:
        json.dump({"version": 1, "requests": wrong + [old] + kept["requests"]}, file)
    client = rig.start()
    assert client.result("zone.start", zone=2, request_key="one") == started
    assert client.reason("zone.start", zone=2, request_key="old") == "zone.already_running"


def keys_are_bounded(rig):
    """The oldest of many go; what cannot be written is not begun."""
    rig.zone(2, [2])
    client = rig.start()
    for number in range(300):
        client.send("zone.stop", {"zone": 2, "request_key": f"k{number}"})
        if number % 7 == 6:
            for id in range(client.last_id - 6, client.last_id + 1):
                assert client.answer(id)["error"]["data"]["reason"] == "zone.not_running"
    for id in range(client.last_id - 5, client.last_id + 1):
        client.answer(id)
    with open(rig.state_dir + "/requests.json") as file:
        assert len(json.load(file)["requests"]) == 256
    client.result("zone.start", zone=2)
    assert client.reason("zone.stop", zone=2, request_key="k299") == "zone.not_running"
    assert client.result("zone.stop", zone=2, request_key="k0")["state"] == "stopped"
    os.rename(rig.state_dir, rig.state_dir + ".away")
    assert client.reason("zone.start", zone=2, request_key="lost") == "state.write"
    assert client.result("zone.get", zone=2)["zone"]["state"] == "stopped"
    os.rename(rig.state_dir + ".away", rig.state_dir)
    # it was forgotten, and may be asked for anew
    wait_for(lambda: client.call("zone.start", zone=2, request_key="lost").get("result"), "the disk is back")


def audited(rig):
    """Who changed what stands in the log, once for a console that somebody types into."""
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2, request_key="k 1")
    client.result("zone.pause", zone="z2", dry_run=True)
    client.result("config.reload")
    for _ in range(5):
        type_into(client, 2, b"x")
    client.result("console.resize", zone=2, columns=80, rows=24)
    client.result("zone.list")
    client.reason("zone.kill", zone="no\nsuch by uid 0")
    lines = [line.split("audit: ")[1] for line in log(rig).splitlines() if "audit: " in line]
    who = f"by uid {os.getuid()}, pid {os.getpid()}"
    assert lines == [f"zone.start z2 {who}, key k 1", f"config.reload {who}", f"console.write z2 {who}",
                     f"zone.kill {who}, no zone no?such by uid 0"], lines


run([waits, reloads, differences, owners, filters, dry_runs, progress, figures, keys,
     keys_wait_and_are_given_up, keys_outlive_the_daemon, keys_are_bounded, audited])
