# SPDX-License-Identifier: GPL-2.0-or-later
"""Zones from start to end, and what is left of them."""
import json
import os
import shutil

from rig import SIZE_COUNTS, run, text, type_into, wait_for


def state(client, zone):
    return client.result("zone.get", zone=zone)["zone"]["state"]


def start_and_stop(rig):
    rig.zone(2, [2])
    client = rig.start()
    zones = {zone["name"]: zone for zone in client.result("zone.list")["zones"]}
    assert zones["root"]["state"] == "running" and zones["root"]["id"] == 0
    assert zones["z2"]["state"] == "stopped" and zones["z2"]["cpus"] == [2]
    client.result("events.subscribe", match=["zone.state"])
    assert client.result("zone.start", zone=2)["state"] == "running"
    steps = [(event["params"]["from"], event["params"]["to"]) for event in client.other]
    assert steps == [("stopped", "loading"), ("loading", "starting"), ("starting", "running")], steps
    assert client.reason("zone.start", zone="z2") == "zone.already_running"
    assert client.result("zone.stop", zone="z2") == {"state": "stopped", "reason": "stopped",
                                                     "seq": client.result("zone.list")["seq"]}
    assert client.reason("zone.stop", zone=2) == "zone.not_running"


def nothing_left_after_fifty_runs(rig):
    rig.zone(2, [2, 3], console=True)
    client = rig.start()

    def once():
        client.result("zone.start", zone=2)
        client.result("zone.stop", zone=2)

    for _ in range(5):
        once()
    client.result("zone.check")  # and with it any look at the directory that was under way
    before = rig.descriptors(), client.result("system.info")["hypervisor"]["pool_used"]
    memory = rig.memory_kib()
    for _ in range(50):
        once()
    client.result("zone.check")
    after = rig.descriptors(), client.result("system.info")["hypervisor"]["pool_used"]
    assert before == after, (before, after)
    print(f"# RSS before {memory} KiB, after {rig.memory_kib()} KiB; descriptors, pool pages {after}")
    assert rig.memory_kib() - memory <= 256 or not SIZE_COUNTS
    assert rig.devices() == []
    assert [name for name in os.listdir(rig.run_dir) if name.startswith("zone-")] == []


def guest_powers_off(rig):
    rig.zone(2, [2])
    rig.image("Image2", "sim:off")
    client = rig.start()
    client.result("events.subscribe")
    client.call("zone.start", zone=2)
    client.event(lambda event: event.get("to") == "stopped" and event["reason"] == "guest_off")
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["state"] == "stopped" and zone["reason"] == "guest_off" and "fault" not in zone


def guest_faults(rig):
    rig.zone(2, [2])
    rig.image("Image2", "sim:fault")
    client = rig.start()
    client.result("events.subscribe")
    client.call("zone.start", zone=2)
    client.event(lambda event: event.get("to") == "crashed")
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["fault"] == {"reason": "bad_access", "esr": "0x93800006", "ipa": "0xdead0000",
                             "far": "0xffff800008001234", "pc": "0x40000040", "vcpu": 0}, zone
    out = rig.ctl("status", "2").stdout.decode()
    assert "crashed" in out and "0x93800006" in out and "0xdead0000" in out and "0x40000040" in out, out
    # and it can run again
    rig.image("Image2", "sim:run")
    assert client.result("zone.start", zone=2)["state"] == "running"


def guest_resets(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.result("events.subscribe")
    # the file may change meanwhile: a reset runs what was started
    rig.zone(2, [3], console=True)
    client.result("zone.check")
    for run_number in (2, 3, 4):
        type_into(client, 2, b"guest reset\n")
        client.event(lambda event: event.get("to") == "running")
        zone = client.result("zone.get", zone=2)["zone"]
        assert zone["runs"] == run_number and zone["cpus"] == [2] and zone["file_differs"], zone
    assert client.result("zone.restart", zone=2)["state"] == "running"
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["cpus"] == [3] and not zone["file_differs"], zone


def stop_wins_over_reset(rig):
    rig.zone(2, [2])
    rig.image("Image2", "sim:reset")
    client = rig.start()
    client.call("zone.start", zone=2)
    # it resets again and again, sooner or later with a pause before
    stopped = client.result("zone.stop", zone=2)
    assert stopped["state"] == "stopped"
    assert state(client, 2) == "stopped"


def bad_config_changes_nothing(rig):
    rig.zone(2, [2])
    client = rig.start()
    client.result("zone.start", zone=2)
    rig.zone(2, [2, 64])
    error = client.error("zone.restart", zone=2)
    assert error["code"] == -32006 and error["data"]["pointer"].startswith("/cpus"), error
    assert error["data"]["file"].endswith("zone2.json") and error["data"]["line"] >= 1
    assert state(client, 2) == "running"
    client.result("zone.stop", zone=2)
    assert client.error("zone.start", zone=2)["code"] == -32006
    wait_for(lambda: state(client, 2) == "invalid", "shown, once nobody writes any more")
    rig.zone(2, [2])
    assert client.result("zone.start", zone=2)["state"] == "running"


def conflicts_are_named(rig):
    rig.zone(2, [2])
    rig.zone(3, [2])
    client = rig.start()
    error = client.error("zone.start", zone=3)
    assert error["data"]["reason"] == "zone.cpu_conflict", error
    # against what runs, whatever the files say by now
    os.unlink(rig.config_dir + "/zone3.json")
    client.result("zone.start", zone=2)
    rig.zone(2, [3])
    rig.zone(3, [2])
    error = client.error("zone.start", zone=3)
    assert error["data"]["reason"] == "zone.cpu_conflict" and error["data"]["other"] == "zone z2", error


def two_zones_at_once(rig):
    rig.zone(2, [2], console=True)
    rig.zone(3, [3], console=True)
    client = rig.start()
    ids = [client.send("zone.start", {"zone": zone}) for zone in (2, 3)]
    answers = {}
    while len(answers) < 2:
        message = client.receive()
        answers[message["id"]] = message["result"]["state"]
    assert answers == {ids[0]: "running", ids[1]: "running"}
    type_into(client, 2, b"guest fault\n")
    wait_for(lambda: state(client, 2) == "crashed", "zone 2 crashed")
    assert state(client, 3) == "running"


def image_is_missing_or_changes(rig):
    rig.zone(2, [2])
    os.unlink(rig.config_dir + "/Image2")
    client = rig.start()
    assert client.error("zone.start", zone=2)["code"] == -32006
    pages = client.result("system.info")["hypervisor"]["pool_used"]
    rig.image("Image2", "")
    assert client.error("zone.start", zone=2)["code"] == -32006
    assert client.result("system.info")["hypervisor"]["pool_used"] == pages


def device_process_fails(rig):
    rig.zone(2, [2], console=True)
    rig.environment["HVISOR_TEST_DEVICE"] = "exit"
    client = rig.start()
    pages = client.result("system.info")["hypervisor"]["pool_used"]
    assert client.reason("zone.start", zone=2) == "zone.device"
    zone = client.result("zone.get", zone=2)["zone"]
    assert zone["state"] == "stopped" and zone["failure"]["reason"] == "zone.device"
    assert client.result("system.info")["hypervisor"]["pool_used"] == pages


def start_times_out_and_can_be_cancelled(rig):
    rig.zone(2, [2], console=True)
    rig.environment["HVISOR_TEST_DEVICE"] = "mute"
    client = rig.start()
    assert client.reason("zone.start", zone=2, timeout_ms=50) == "zone.start_timeout"
    wait_for(lambda: state(client, 2) == "stopped", "the start was undone")
    id = client.send("zone.start", {"zone": 2})
    wait_for(lambda: state(client, 2) == "starting", "the start got to its device process")
    client.send_bytes(json.dumps({"jsonrpc": "2.0", "method": "$/cancel", "params": {"id": id}}).encode()
                      + b"\n")
    assert client.answer(id)["error"]["data"]["reason"] == "request.cancelled"
    wait_for(lambda: state(client, 2) == "stopped" and not rig.devices(), "the start was undone")


def stop_while_starting(rig):
    rig.zone(2, [2], console=True)
    rig.environment["HVISOR_TEST_DEVICE"] = "mute"
    client = rig.start()
    start = client.send("zone.start", {"zone": 2})
    wait_for(lambda: state(client, 2) == "starting", "the start got to its device process")
    stop = client.send("zone.stop", {"zone": 2})
    answers = {}
    while len(answers) < 2:
        message = client.receive()
        answers[message["id"]] = message
    assert answers[start]["error"]["data"]["reason"] == "request.cancelled", answers
    assert answers[stop]["result"]["state"] == "stopped", answers


def start_while_stopping_waits(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    # a deaf device process keeps the zone in stopping until it is killed
    type_into(client, 2, b"deaf\n")
    stop = client.send("zone.stop", {"zone": 2})
    wait_for(lambda: state(client, 2) == "stopping", "the zone stops")
    start = client.send("zone.start", {"zone": 2})
    answers = {}
    while len(answers) < 2:
        message = client.receive()
        answers[message["id"]] = message
    assert answers[start]["result"]["state"] == "running", answers
    assert answers[stop]["result"]["state"] == "stopped", answers


def device_process_dies(rig):
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.result("events.subscribe", match=["zone.device"])
    pid = client.result("zone.get", zone=2)["zone"]["device"]["pid"]
    os.kill(pid, 9)
    assert client.event(lambda event: event["state"] == "died")["pid"] == pid
    other = client.event(lambda event: event["state"] == "ready")["pid"]
    zone = client.result("zone.get", zone=2)["zone"]
    assert other != pid and zone["state"] == "running", zone
    assert zone["runs"] == 1 and (zone["device"]["state"], zone["device"]["pid"]) == ("ready", other), zone
    assert client.result("zone.stop", zone=2)["state"] == "stopped"
    assert client.result("zone.start", zone=2)["state"] == "running"
    end = client.result("zone.get", zone=2)["zone"]["console"]["end"]
    type_into(client, 2, b"served\n")
    wait_for(lambda: b"served" in text(client.result("console.attach", zone=2, replay=4096)), f"output past {end}")


def device_process_dies_and_the_zone_with_it(rig):
    """device_failure: restart-zone, whatever `restart` says, and as often as restart_limit allows."""
    rig.zone(2, [2], console=True, device_failure="restart-zone", restart_delay_ms=10, restart_limit=2)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.result("events.subscribe", match=["zone.*"])
    for again in (True, True, False):
        zone = client.result("zone.get", zone=2)["zone"]
        os.kill(zone["device"]["pid"], 9)
        crashed = client.event(lambda event: event.get("to") == "crashed")
        assert crashed["reason"] == "zone.device" and crashed["cause"]["kind"] == "device", crashed
        if again:
            wait_for(lambda: (lambda z: z["state"] == "running" and z["device"]["state"] == "ready")(
                client.result("zone.get", zone=2)["zone"]), "the next run")
    assert client.result("zone.get", zone=2)["zone"]["runs"] == 3
    assert state(client, 2) == "crashed"


def device_process_dies_again_and_again(rig):
    """Eight others come, and then an event says that none does any more: the zone runs on without."""
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    client.result("events.subscribe", match=["zone.device"])
    for _ in range(8):
        os.kill(client.result("zone.get", zone=2)["zone"]["device"]["pid"], 9)
        client.event(lambda event: event["state"] == "ready")
    os.kill(client.result("zone.get", zone=2)["zone"]["device"]["pid"], 9)
    client.event(lambda event: event["state"] == "unserved")
    zone = client.result("zone.get", zone=2)["zone"]
    assert (zone["state"], zone["device"]["state"]) == ("running", "unserved"), zone
    status = rig.ctl("status", "2").stdout.decode()
    assert f"pid {zone['device']['pid']}, unserved" in status, status
    assert client.result("zone.stop", zone=2)["state"] == "stopped"
    wait_for(lambda: rig.devices() == [], "none is left")


def device_process_dies_and_nothing_can_be_written(rig):
    """One process at a time serves the zone, also if no record of it can be had."""
    rig.zone(2, [2], console=True)
    client = rig.start()
    client.result("zone.start", zone=2)
    record = rig.run_dir + "/zone-2.json"
    os.unlink(record)
    os.makedirs(record + "/in-the-way")
    pid = client.result("zone.get", zone=2)["zone"]["device"]["pid"]
    os.kill(pid, 9)
    wait_for(lambda: (lambda d: d["state"] == "ready" and d["pid"] != pid)(
        client.result("zone.get", zone=2)["zone"]["device"]), "the next process")
    type_into(client, 2, b"served\n")
    wait_for(lambda: b"served" in text(client.result("console.attach", zone=2, replay=4096)), "it serves")
    assert rig.devices() == [client.result("zone.get", zone=2)["zone"]["device"]["pid"]]
    shutil.rmtree(record)
    assert client.result("zone.stop", zone=2)["state"] == "stopped"
    wait_for(lambda: rig.devices() == [], "none is left")


def paused_and_resumed(rig):
    rig.zone(2, [2, 3])
    client = rig.start()
    for method in ("zone.pause", "zone.resume"):
        assert client.reason(method, zone=2) == "zone.not_running"
    client.result("zone.start", zone=2)
    assert client.reason("zone.resume", zone=2) == "zone.not_paused"
    client.result("events.subscribe", match=["zone.state"])
    for _ in range(20):
        assert client.result("zone.pause", zone=2)["state"] == "paused"
        assert state(client, 2) == "paused"
        assert client.reason("zone.pause", zone=2) == "zone.paused"
        assert client.reason("zone.start", zone=2) == "zone.already_running"
        assert client.result("zone.resume", zone=2)["state"] == "running"
    steps = [(event["params"]["from"], event["params"]["to"]) for event in client.other]
    assert steps == [("running", "paused"), ("paused", "running")] * 20, steps
    client.result("zone.pause", zone=2)
    assert client.result("zone.stop", zone=2)["state"] == "stopped"
    # a paused zone has its claims, and is restarted as one that runs
    client.result("zone.start", zone=2)
    client.result("zone.pause", zone=2)
    assert client.result("zone.restart", zone=2)["state"] == "running"


def root_is_not_touched(rig):
    client = rig.start()
    for method in ("zone.start", "zone.stop", "zone.restart", "zone.pause", "zone.resume"):
        assert client.reason(method, zone=0) == "zone.is_root"
    assert client.reason("zone.stop", zone="root") == "zone.is_root"
    assert client.reason("zone.start", zone=7) == "zone.unknown"
    assert client.reason("zone.start", zone="nobody") == "zone.unknown"


def directory_is_watched(rig):
    client = rig.start()
    client.result("events.subscribe", match=["zone.config"])
    rig.zone(2, [2])
    event = client.event(lambda event: event["change"] == "added")
    assert event["zone"] == "z2" and event["good"]
    os.unlink(rig.config_dir + "/zone2.json")
    assert client.event(lambda event: event["change"] == "removed")["zone"] == "z2"
    assert client.reason("zone.get", zone=2) == "zone.unknown"
    rig.image("broken.json", "{")
    assert not client.event(lambda event: event["zone"] == "broken")["good"]
    zones = client.result("zone.list")["zones"]
    assert {"id": None, "name": "broken", "state": "invalid"}.items() <= zones[-1].items()
    check = client.result("zone.check")
    assert not check["good"] and check["findings"][0]["file"].endswith("broken.json")


def removed_file_of_a_running_zone(rig):
    rig.zone(2, [2])
    client = rig.start()
    client.result("zone.start", zone=2)
    os.unlink(rig.config_dir + "/zone2.json")
    client.result("zone.check")
    assert state(client, 2) == "running"
    assert client.result("zone.stop", zone=2)["state"] == "stopped"
    assert client.reason("zone.get", zone=2) == "zone.unknown"


def stopped_while_its_device_process_begins(rig):
    """Nothing of the zone stays open in the daemon."""
    rig.zone(2, [2], console=True)
    rig.device_program = rig.dir + "/silent"
    with open(rig.device_program, "w") as file:
        file.write("#!/bin/sh\nexec sleep 1000\n")
    os.chmod(rig.device_program, 0o755)
    client = rig.start()

    def once():
        start = client.send("zone.start", {"zone": 2})
        wait_for(lambda: state(client, 2) == "starting", "its device process begins")
        client.result("zone.stop", zone=2, mode="force")
        assert client.answer(start)["error"]["data"]["reason"] == "request.cancelled"

    once()
    client.result("zone.check")
    before = rig.descriptors()
    for _ in range(3):
        once()
    client.result("zone.check")
    assert rig.descriptors() == before, (before, rig.descriptors())


run([start_and_stop, nothing_left_after_fifty_runs, guest_powers_off, guest_faults, guest_resets,
     stop_wins_over_reset, bad_config_changes_nothing, conflicts_are_named, two_zones_at_once,
     image_is_missing_or_changes, device_process_fails, start_times_out_and_can_be_cancelled,
     stop_while_starting, start_while_stopping_waits, device_process_dies, device_process_dies_and_the_zone_with_it,
     device_process_dies_again_and_again, device_process_dies_and_nothing_can_be_written, paused_and_resumed, root_is_not_touched,
     directory_is_watched, removed_file_of_a_running_zone, stopped_while_its_device_process_begins])
