# SPDX-License-Identifier: GPL-2.0-or-later
"""What the daemon does with zones by itself, and what it remembers of that when it is killed."""
import json
import os
import signal
import stat
import subprocess
import time

from rig import HVISORD, log, run, wait_for


def zone(client, name):
    return client.result("zone.get", zone=name)["zone"]


def state(client, name):
    return zone(client, name)["state"]


def settled(client, name, wanted):
    return wait_for(lambda: (lambda found: found["state"] == wanted and found)(zone(client, name)),
                    f"{name} is {wanted}: {zone(client, name)}")


def kept(rig):
    """The state file as it is on disk."""
    wait_for(lambda: os.path.exists(rig.state_dir + "/zones.json"), "the file")
    with open(rig.state_dir + "/zones.json") as file:
        return json.load(file)


def of(rig, name):
    return next((entry for entry in kept(rig)["zones"] if entry["name"] == name), None)


def boot(rig):
    """The machine boots: the board is a new one, and the kernel has another boot id."""
    if rig.daemon.poll() is None:
        rig.kill()
    for pid in rig.processes():
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not rig.processes(), "everything ends")
    for name in os.listdir(rig.run_dir):
        os.unlink(f"{rig.run_dir}/{name}")
    text = kept(rig)
    text["boot_id"] = "00000000-0000-0000-0000-000000000000"
    with open(rig.state_dir + "/zones.json", "w") as file:
        json.dump(text, file)
    return rig.start()


def again(rig):
    rig.kill()
    return rig.start()


def autostart_at_boot(rig):
    rig.zone(2, [2], autostart=True)
    rig.zone(3, [3])
    client = rig.start()
    client.result("events.subscribe", since=0)
    event = client.event(lambda event: event["type"] == "zone.state" and event["to"] == "running" and event["id"] == 2)
    assert event["cause"] == {"kind": "autostart"}, event
    assert state(client, 3) == "stopped"
    client = again(rig)
    assert state(client, 2) == "running"


def stopped_stays_stopped(rig):
    rig.zone(2, [2], autostart=True, restart="always", restart_delay_ms=0)
    client = rig.start()
    settled(client, 2, "running")
    client.result("zone.stop", zone=2, mode="force")
    for _ in range(3):
        client = again(rig)
        assert state(client, 2) == "stopped" and "pending" not in zone(client, 2), zone(client, 2)
    client = boot(rig)
    settled(client, 2, "running")


def enable_and_disable(rig):
    rig.zone(2, [2], autostart=True)
    rig.zone(3, [3])
    client = rig.start()
    settled(client, 2, "running")
    assert client.result("zone.disable", zone=2)["autostart"] is False
    assert of(rig, "z2")["enabled"] is False  # answered: it is on disk
    assert client.result("zone.enable", zone=3)["autostart"] is True
    assert of(rig, "z3")["enabled"] is True
    assert client.result("zone.enable", zone=2, dry_run=True)["autostart"] is True
    assert of(rig, "z2")["enabled"] is False
    assert client.reason("zone.enable", zone=0) == "zone.is_root"
    client = boot(rig)
    settled(client, 3, "running")
    assert state(client, 2) == "stopped"


def order(rig):
    """3 before 2: not the order of ids."""
    rig.zone(2, [2], autostart=True, after=["z3"])
    rig.zone(3, [3], autostart=True, after=["root"])
    client = rig.start()
    for name in "z2", "z3":
        settled(client, name, "running")
    client.result("events.subscribe", since=0, match=["zone.state"])
    came = [client.event(lambda event: event["to"] == "running" and event["id"] != 0)["id"] for _ in range(2)]
    assert came == [3, 2], came


def waits_for_what_is_not_started(rig):
    rig.zone(2, [2], autostart=True, after=["z3"])
    rig.zone(3, [3])
    client = rig.start()
    assert zone(client, 2)["pending"] == "after", zone(client, 2)
    client = again(rig)
    assert zone(client, 2)["pending"] == "after", zone(client, 2)
    client.result("zone.start", zone=3)
    settled(client, 2, "running")


def dependants_say_so(rig):
    rig.zone(2, [2], autostart=True, after=["z3"])
    rig.zone(3, [3], autostart=True, sha256={"kernel_filepath": "00" * 32})
    client = rig.start()
    wait_for(lambda: zone(client, 2).get("failure", {}).get("reason") == "zone.after_failed", "it says so")
    assert "pending" not in zone(client, 2) and state(client, 2) == "stopped"
    assert zone(client, 3)["failure"]["reason"] == "zone.image", zone(client, 3)
    client.result("events.subscribe", since=0)
    client.event(lambda event: event["type"] == "zone.pending" and event.get("reason") == "after_failed")
    wait_for(lambda: kept(rig)["zones"] == [], "that is on disk")
    client = again(rig)
    assert state(client, 2) == "stopped" and "pending" not in zone(client, 2)


def backoff_and_limit(rig):
    rig.zone(2, [2], restart="on-failure", restart_delay_ms=10, restart_limit=3)
    rig.image("Image2", "sim:fault")
    client = rig.start()
    client.result("events.subscribe")
    client.call("zone.start", zone=2)
    client.event(lambda event: event["type"] == "zone.pending" and event.get("reason") == "restart_limit")
    steps = [message["params"] for message in client.other]
    waits = [event for event in steps if event["type"] == "zone.pending" and event["pending"] == "backoff"]
    starts = [event["cause"]["kind"] for event in steps if event["type"] == "zone.state" and event["to"] == "loading"]
    ends = [event["reason"] for event in steps if event["type"] == "zone.state" and event["to"] == "crashed"]
    assert len(waits) == 3 and starts == ["client"] + ["restart"] * 3 and ends == ["bad_access"] * 4, steps
    assert state(client, 2) == "crashed" and "pending" not in zone(client, 2)
    wait_for(lambda: not (of(rig, "z2") or {}).get("wanted"), "that it was given up is on disk")
    client = again(rig)
    assert state(client, 2) == "stopped" and "pending" not in zone(client, 2), zone(client, 2)


def delays_double(rig):
    rig.zone(2, [2], restart="always", restart_delay_ms=50, restart_limit=4)
    rig.image("Image2", "sim:off")
    client = rig.start()
    client.result("events.subscribe")
    client.call("zone.start", zone=2)
    for delay in 50, 100, 200, 400:
        event = client.event(lambda event: event["type"] == "zone.pending" and event["pending"] == "backoff")
        # what is left of it when it is told: little less, unless the machine sleeps in between
        assert delay / 4 < event["delay_ms"] <= delay, (delay, event)


def not_for_a_guest_that_powers_off(rig):
    rig.zone(2, [2], restart="on-failure", restart_delay_ms=0)
    rig.image("Image2", "sim:off")
    client = rig.start()
    client.result("events.subscribe")
    client.call("zone.start", zone=2)
    client.event(lambda event: event.get("to") == "stopped" and event["reason"] == "guest_off")
    assert "pending" not in zone(client, 2)
    wait_for(lambda: of(rig, "z2") is None, "nothing is wanted of it")


def a_good_run_counts_anew(rig):
    rig.zone(2, [2], restart="on-failure", restart_delay_ms=1, restart_limit=2)
    rig.image("Image2", "sim:run 1200ms; fault")
    client = rig.start()
    client.result("events.subscribe")
    client.result("zone.start", zone=2)
    for _ in range(4):
        client.event(lambda event: event.get("to") == "crashed")
    settled(client, 2, "running")
    client.result("zone.stop", zone=2, mode="force")


def stop_ends_a_wait(rig):
    rig.zone(2, [2], restart="on-failure", restart_delay_ms=60000)
    rig.image("Image2", "sim:fault")
    client = rig.start()
    client.call("zone.start", zone=2)
    wait_for(lambda: zone(client, 2).get("pending") == "backoff", "it waits")
    assert client.result("zone.stop", zone=2, dry_run=True)["dry_run"] is True
    assert zone(client, 2)["pending"] == "backoff"
    assert client.result("zone.stop", zone=2)["state"] in ("stopped", "crashed")
    assert "pending" not in zone(client, 2)
    assert client.reason("zone.stop", zone=2) == "zone.not_running"
    # and a start goes before it
    client.call("zone.start", zone=2)
    wait_for(lambda: zone(client, 2).get("pending") == "backoff", "it waits")
    rig.image("Image2", "sim:run")
    client.result("zone.start", zone=2)
    assert "pending" not in zone(client, 2)
    wait_for(lambda: (of(rig, "z2") or {}).get("restarts") == 0, "counting begins anew")


def two_of_one_name(rig):
    """Names are labels: what is wanted of one zone is not wanted of another that has its name."""
    rig.zone(1, [2], name="twin")
    rig.zone(2, [3], name="twin")
    client = rig.start()
    client.result("zone.enable", zone=1)
    for id in 1, 2:
        client.result("zone.start", zone=id)
    client.result("zone.stop", zone=2, mode="force")
    client = boot(rig)
    assert [client.result("zone.get", zone=id)["zone"]["policy"]["autostart"] for id in (1, 2)] == [True, False]
    wait_for(lambda: client.result("zone.get", zone=1)["zone"]["state"] == "running", "the one that was enabled")
    assert client.result("zone.get", zone=2)["zone"]["state"] == "stopped"
    wanted = {entry["id"]: entry["wanted"] for entry in kept(rig)["zones"]}
    assert wanted[1] and not wanted.get(2), wanted


def renamed_while_it_waits(rig):
    """A zone that will be started by itself gets another name: the old one is not to run any more."""
    rig.image("Image1", "sim:fault")
    rig.zone(1, [2], restart="always", restart_delay_ms=60000)
    client = rig.start()
    client.result("zone.enable", zone=1)
    client.call("zone.start", zone=1)
    wait_for(lambda: zone(client, "z1").get("pending") == "backoff", "it waits")
    rig.zone(1, [2], name="new", restart="always", restart_delay_ms=60000)
    client.result("config.reload")
    wait_for(lambda: of(rig, "new"), "it is kept by its new name")
    assert of(rig, "new")["wanted"] and of(rig, "new")["enabled"] and not of(rig, "z1"), kept(rig)
    client = again(rig)
    assert zone(client, "new")["pending"] == "backoff"
    client.result("zone.stop", zone="new")
    wait_for(lambda: not any(entry["wanted"] for entry in kept(rig)["zones"]), "nothing is to run")


def a_wait_outlives_the_daemon(rig):
    rig.zone(2, [2], restart="on-failure", restart_delay_ms=60000)
    rig.image("Image2", "sim:fault")
    client = rig.start()
    client.call("zone.start", zone=2)
    wait_for(lambda: zone(client, 2).get("pending") == "backoff", "it waits")
    until = wait_for(lambda: of(rig, "z2") and of(rig, "z2")["due_ms"], "it is on disk")
    client = again(rig)
    assert zone(client, 2)["pending"] == "backoff" and of(rig, "z2")["due_ms"] == until
    assert of(rig, "z2")["restarts"] == 1


def died_while_nobody_looked(rig):
    rig.zone(2, [2], restart="on-failure", restart_delay_ms=0)
    rig.zone(3, [3], restart="no")
    for id in 2, 3:
        rig.image(f"Image{id}", "sim:run 300ms; fault")
    client = rig.start()
    for id in 2, 3:
        client.result("zone.start", zone=id)
    wait_for(lambda: len([entry for entry in kept(rig)["zones"] if entry["wanted"]]) == 2, "both are wanted")
    rig.kill()
    rig.image("Image2", "sim:run")
    time.sleep(0.5)  # on a machine that is slower than this the daemon sees it happen: no failure either
    client = rig.start()
    settled(client, 2, "running")
    wait_for(lambda: state(client, 3) in ("stopped", "crashed"), "the other has ended")
    assert "pending" not in zone(client, 3)


def reboot_is_no_failure(rig):
    rig.zone(2, [2], restart="on-failure", restart_limit=1, restart_delay_ms=0)
    rig.image("Image2", "sim:reset")
    client = rig.start()
    client.result("events.subscribe", match=["zone.state"])
    client.call("zone.start", zone=2)
    for _ in range(4):
        event = client.event(lambda event: event["from"] == "stopping" and event["to"] == "loading")
        assert event["reason"] == "guest_reset" and event["cause"] == {"kind": "guest"}, event
    rig.image("Image2", "sim:run")
    client.call("zone.stop", zone=2, mode="force")


def a_start_by_itself_that_fails(rig):
    rig.zone(2, [2], autostart=True, restart="on-failure", restart_delay_ms=20, restart_limit=0)
    rig.zone(3, [2])  # the same CPU: both are refused
    client = rig.start()
    wait_for(lambda: zone(client, 2).get("failure", {}).get("reason") == "config.invalid", "it fails")
    os.unlink(rig.config_dir + "/zone3.json")
    settled(client, 2, "running")


def torn_file(rig):
    rig.zone(2, [2], autostart=True)
    client = rig.start()
    settled(client, 2, "running")
    path = rig.state_dir + "/zones.json"
    texts = [b"", b"{", b"[]", b"null", b'{"version":1}', b'{"version":2,"boot_id":"x","zones":[]}',
             b'{"version":1,"boot_id":"x","zones":[{"name":"a"}]}', b"\0" * 4096, b"\xff\xfe", b"x" * (3 << 20),
             b'{"version":1,"boot_id":"' + b"x" * 100 + b'","zones":[]}',
             b'{"version":1,"boot_id":"x","zones":[{"name":"a","wanted":true,"restarts":-1,"due_ms":0}]}',
             b'{"version":1,"boot_id":"x","zones":' + b"[" * 100 + b"]" * 100 + b"}"]
    for text in texts:
        rig.kill()
        with open(path, "wb") as file:
            file.write(text)
        client = rig.start()
        with open(path + ".bad", "rb") as file:
            assert file.read() == text
        os.unlink(path + ".bad")
        assert state(client, 2) == "running"
        wait_for(lambda: os.path.exists(path) and of(rig, "z2"), "a new one")
    rig.kill()
    os.unlink(path)
    os.symlink("/etc/passwd", path)
    client = rig.start()
    assert state(client, 2) == "running" and os.path.islink(path + ".bad")


def no_place_for_it(rig):
    """The state directory cannot be made: all works, but an answer that says `kept`."""
    with open(rig.state_dir, "w"):
        pass
    rig.zone(2, [2], autostart=True, restart="on-failure", restart_delay_ms=0)
    client = rig.start()
    settled(client, 2, "running")
    assert client.reason("zone.disable", zone=2) == "state.write"
    # of two who ask at once neither gets what he wants, and it is as it was
    client.send_bytes(b"".join(b'{"jsonrpc":"2.0","id":"%s","method":"zone.%s","params":{"zone":2}}\n' % (what, what)
                               for what in (b"disable", b"enable")))
    assert [client.answer(id)["error"]["data"]["reason"] for id in ("disable", "enable")] == ["state.write"] * 2
    assert zone(client, 2)["policy"]["autostart"] and zone(client, 2)["policy"].get("override") is None
    client.result("zone.stop", zone=2, mode="force")
    client.result("zone.start", zone=2)
    client.result("zone.restart", zone=2)
    os.unlink(rig.state_dir)
    os.mkdir(rig.state_dir)
    wait_for(lambda: os.path.exists(rig.state_dir + "/zones.json"), "it is written when it can be")
    client.result("zone.disable", zone=2)
    assert of(rig, "z2")["enabled"] is False


def only_root_may_look(rig):
    rig.zone(2, [2])
    rig.start().result("zone.enable", zone=2)
    assert stat.S_IMODE(os.stat(rig.state_dir).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(rig.state_dir + "/zones.json").st_mode) == 0o600


def killed_in_the_middle(rig):
    """Whenever it is killed: what was answered holds, and the zones that are to run come to run."""
    rig.zone(2, [2], autostart=True, after=["z3"])
    rig.zone(3, [3], autostart=True, restart="on-failure", restart_delay_ms=1, restart_limit=0)
    client = rig.start()
    settled(client, 2, "running")
    for turn in range(12):
        client = boot(rig)
        for _ in range(turn % 4):
            client.result("zone.list")
        client = again(rig)
        settled(client, 2, "running")
        settled(client, 3, "running")


def told_by_a_signal(rig):
    """SIGHUP: the files are read anew, and nothing else happens."""
    rig.zone(2, [2])
    client = rig.start()
    client.result("zone.start", zone=2)
    for _ in range(3):
        rig.daemon.send_signal(signal.SIGHUP)
    rig.zone(3, [3])
    rig.daemon.send_signal(signal.SIGHUP)
    wait_for(lambda: any(zone["id"] == 3 for zone in client.result("zone.list")["zones"]), "the new one is seen")
    assert state(client, 2) == "running"


def told_by_options(rig):
    """What a daemon cannot serve it says, and ends; without a device tree of the root zone it goes on."""
    def outcome(*options):
        # into files: a simulator that was started lives on, and would keep pipes open
        with open(rig.dir + "/out", "w") as out, open(rig.dir + "/err", "w") as err:
            code = subprocess.call([HVISORD, "--backend", "sim", "--run-dir", rig.run_dir, "--state-dir", rig.state_dir,
                                    "--config-dir", rig.config_dir, *options], stdout=out, stderr=err,
                                   env=rig.environment)
        with open(rig.dir + "/out") as out, open(rig.dir + "/err") as err:
            return code, out.read(), err.read()

    assert outcome("--platform", "another-board")[0] == 1
    code, text, _ = outcome("--help")
    assert code == 0 and "--state-dir DIR" in text and "--vendor-dir DIR" in text, text
    assert outcome("--version")[0] == 0
    for bad in (["--nonsense"], ["--state-dir"], ["more"]):
        code, text, why = outcome(*bad)
        assert code == 2 and text == "" and "usage: hvisord" in why, (bad, code, why)
    rig.options = ["--platform", "qemu-virt", "--root-dtb", "/nowhere/root.dtb"]
    rig.zone(2, [2])
    rig.start().result("zone.start", zone=2)
    assert "/nowhere/root.dtb: No such file or directory: going on without" in log(rig)


if __name__ == "__main__":
    run([autostart_at_boot, stopped_stays_stopped, enable_and_disable, order, waits_for_what_is_not_started,
         dependants_say_so, backoff_and_limit, delays_double, not_for_a_guest_that_powers_off, a_good_run_counts_anew,
         stop_ends_a_wait, two_of_one_name, renamed_while_it_waits, a_wait_outlives_the_daemon, died_while_nobody_looked, reboot_is_no_failure,
         a_start_by_itself_that_fails, torn_file, no_place_for_it, only_root_may_look, killed_in_the_middle,
         told_by_a_signal, told_by_options])
