#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A part of tests/api/daemon under QEMU: the same tests with the real hypervisor, driver and guests.

Every check prints a line; the last line says "N passed, M failed". --only TEXT runs the files whose name holds TEXT.
"""

import argparse
import os
import sys

import report
from report import check, note
from systemd_test import Board

HERE = os.path.dirname(os.path.abspath(__file__))
DAEMON_TESTS = os.path.join(HERE, "..", "api", "daemon")

# What needs no simulated guest that prints, waits or hangs, no device process that misbehaves, no fresh board.
TESTS = {
    "lifecycle": "start_and_stop guest_powers_off stop_wins_over_reset bad_config_changes_nothing conflicts_are_named "
    "start_while_stopping_waits paused_and_resumed root_is_not_touched removed_file_of_a_running_zone",
    "adoption": "left_in_peace torn_record one_daemon_only",
    "policy": "stopped_stays_stopped order not_for_a_guest_that_powers_off reboot_is_no_failure",
    "protocol": "greeting errors_have_places limits_cost_the_connection half_closed",
    "methods": "differences dry_runs",
}
GUESTS = ("wfi", "off", "reset", "badaccess")


def files(cross):
    """What root Linux needs."""
    result = {f"/test/guests/{name}.bin": os.path.join(cross, "tests/system/guests", name + ".bin") for name in GUESTS}
    for name in ("rig.py", "openmetrics.py", *(f"test_{name}.py" for name in TESTS)):
        result[f"/test/api/{name}"] = os.path.join(DAEMON_TESTS, name)
    return result


def run(m, name, tests):
    """One file of tests; each of its TAP lines is a check."""
    command = f"HVISOR_TEST_GUESTS=/test/guests python3 /test/api/test_{name}.py /usr/sbin/hvisord /usr/bin/hvisorctl"
    _, text = m.command(f"{command} {tests}", 600)
    seen = set()
    for line in text.splitlines():
        words = line.replace("not ok", "not-ok").split()
        if words and words[0] in ("ok", "not-ok"):
            seen.add(words[2])
            check(f"{name}: {words[2]}", words[0] == "ok")
        else:
            note(line)
    for test in tests.split():
        if test not in seen:
            check(f"{name}: {test}", False, "did not run")


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", required=True, help="folder of scripts/make-images, with systemd.cpio")
    parser.add_argument("--cross", required=True, help="folder of the arm64 build")
    parser.add_argument("--cpu", default="cortex-a57", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run files whose name holds this text")
    arguments = parser.parse_args()
    with Board(arguments, files(arguments.cross)) as m:
        m.booted()
        m.run("hvisorctl kill linux; hvisorctl kill spin; systemctl stop hvisord.socket hvisord.service")
        for name, tests in TESTS.items():
            if arguments.only in name:
                run(m, name, tests)
    return report.end()


if __name__ == "__main__":
    sys.exit(main())
