#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The hypervisor alone, under QEMU: bare-metal guests as zones, a monitor as root zone.

Every check prints a line; the last line says "N passed, M failed". --only TEXT
runs the tests whose name holds TEXT.
"""

import argparse
import random
import subprocess
import sys
import traceback

from monitor import ERRORS, IMAGE_OFFSET, PARAM_ARG, PARAM_LOG_USED, Monitor, MonitorError, run_as_root

SECOND = 1000  # milliseconds of guest time that ending a zone may take
CHECKS = {"passed": 0, "failed": 0}

# Hypercalls by their place behind HV_CALL_BASE (hv_call.h).
VERSION, PLATFORM, ROOT_CONFIG, STATS, CREATE, START, STOP, DESTROY = range(8)
STATUS, CONFIG, LIST, INJECT, COMPLETE, EVENTS, PAUSE, RESUME = range(8, 16)
CALLS = 16


def check(what, got, want):
    """One expectation. want is a value, or a set of allowed ones."""
    allowed = want if isinstance(want, set) else [want]
    good = got in allowed
    CHECKS["passed" if good else "failed"] += 1
    if good:
        print(f"  ok   {what}")
    else:
        print(f"  FAIL {what}: got {got!r}, want {want!r}")
    return good


def result(answer):
    """The name of a hypercall's result."""
    return ERRORS.get(answer.get("result"), answer.get("error"))


def end(m, zone=1):
    """Stops and destroys a zone, whatever it does."""
    state = m.status(zone).get("state")
    if state in ("running", "paused"):
        m.simple("stop", zone)
        state = m.wait("ended", SECOND, zone)["state"]
    if state in ("ended", "loading"):
        m.destroy(zone)


def alive(m, what):
    """The root zone answers, and a fresh zone still runs to its end."""
    check(f"{what}: root answers", m.call(VERSION).get("x1"), 1)
    m.start("off")
    check(f"{what}: next start works", m.wait("ended")["reason"], "guest_off")
    m.destroy()


def used(m):
    """Pages in use in EL2's pool."""
    return m.command("stats")["pool_used"]


# ---- tests: each gets a machine without zones and leaves it so ----


def test_calls(m):
    """Every call with arguments that are wrong in every way."""
    where = m.command("where")
    buffer, size = where["config"], where["config_size"]
    check("ABI version", m.call(VERSION).get("x1"), 1)
    check("unknown call", result(m.call(CALLS)), "not_supported")
    check("unknown call, far", result(m.call(0xFFFF)), "not_supported")
    check("zone list", m.call(LIST).get("x1"), 1)
    for name, number in (("create", CREATE), ("root config", ROOT_CONFIG)):
        check(f"{name}: wrong size", result(m.call(number, buffer, size - 8)), "invalid")
        check(f"{name}: size 0", result(m.call(number, buffer, 0)), "invalid")
        for what, address in (
            ("unaligned", buffer + 4),
            ("hypervisor's memory", 0x40200000),
            ("across into the hypervisor's memory", 0x40200000 - 8),
            ("nobody's RAM", 0x50000000),
            ("end of root's RAM", 0xC0000000 - 8),
            ("device", 0x09000000),
            ("interrupt controller", 0x08000000),
            ("hole", 0x0),
            ("past 2^40", 1 << 40),
            ("wrapping", (1 << 64) - 8),
        ):
            check(f"{name}: {what}", result(m.call(number, address, size)), "address")
    for name, number in (("start", START), ("stop", STOP), ("destroy", DESTROY), ("pause", PAUSE), ("resume", RESUME)):
        check(f"{name}: root zone", result(m.call(number, 0)), "invalid")
        check(f"{name}: zone 32", result(m.call(number, 32)), "invalid")
        check(f"{name}: zone 2^32 + 1", result(m.call(number, (1 << 32) + 1)), "invalid")
        check(f"{name}: no zone", result(m.call(number, 5)), "no_zone")
    check("status: zone 32", result(m.call(STATUS, 32, buffer, where["status_size"])), "invalid")
    check("config: no zone", result(m.call(CONFIG, 5, buffer, size)), "no_zone")
    check("inject: no zone", result(m.call(INJECT, 5, 78)), "no_zone")
    check("inject: root zone", result(m.call(INJECT, 0, 212)), "invalid")
    check("complete: no zone", result(m.call(COMPLETE, 5, 0, 1, 0)), "no_zone")
    check("platform", result(m.call(PLATFORM, 0xB0000000, where["platform_size"])), "ok")
    check("platform's magic", m.command("peek", 0xB0000000)["value"], 0x46505648)
    check("stats: wrong size", result(m.call(STATS, buffer, where["stats_size"] + 8)), "invalid")


def set_fields(**fields):
    """A change of the config: fields by their C names, dots as two underscores."""
    return lambda m: [m.set(name.replace("__", "."), value) for name, value in fields.items()]


def region(*numbers):
    """A change of the config: index, type, physical, virtual, size, flags."""
    return lambda m: m.command("region", *numbers)


BASE = 0x50000000
SIZE = 0x1000000

# What: (change, answer)
HOSTILE = {
    "magic": (set_fields(magic=0), "zone.header"),
    "version": (set_fields(version=2), "zone.header"),
    "size": (set_fields(size=8), "zone.header"),
    "reserved field": (set_fields(reserved=1), "zone.reserved"),
    "unknown flag": (set_fields(flags=0x80000000), "zone.reserved"),
    "zone 0": (set_fields(zone_id=0), "zone.id"),
    "zone 32": (set_fields(zone_id=32), "zone.id"),
    "zone 2^32 - 1": (set_fields(zone_id=0xFFFFFFFF), "zone.id"),
    "no name": (lambda m: m.command("name"), "zone.name"),
    "name of 32 characters": (lambda m: m.command("name", "a" * 32), "zone.name"),
    "name that is no text": (lambda m: m.command("name", "\x01\x02"), "zone.name"),
    "no CPUs": (set_fields(cpus=0, num_cpus=0), "zone.no_cpus"),
    "CPU 4": (set_fields(cpus=0x10), "zone.cpu_range"),
    "CPU 63": (set_fields(cpus=1 << 63), "zone.cpu_range"),
    "all CPUs": (set_fields(cpus=(1 << 64) - 1, num_cpus=64), "zone.cpu_range"),
    "CPU count": (set_fields(num_cpus=2), "zone.cpu_count"),
    "root's CPU": (set_fields(cpus=0x1), "zone.cpu_conflict"),
    "65 regions": (set_fields(num_regions=65), "zone.region_count"),
    "2^32 - 1 regions": (set_fields(num_regions=0xFFFFFFFF), "zone.region_count"),
    "region type 0": (region(0, 0, BASE, BASE, SIZE, 0), "zone.region_type"),
    "region type 4": (region(0, 4, BASE, BASE, SIZE, 0), "zone.region_type"),
    "region of size 0": (region(0, 1, BASE, BASE, 0, 0), "zone.region_empty"),
    "unaligned size": (region(0, 1, BASE, BASE, 0x1001, 0), "zone.region_align"),
    "unaligned physical": (region(0, 1, BASE + 8, BASE, SIZE, 0), "zone.region_align"),
    "unaligned virtual": (region(0, 1, BASE, BASE + 8, SIZE, 0), "zone.region_align"),
    "physical past 2^64": (
        region(0, 1, (1 << 64) - 0x1000, BASE, 0x2000, 0),
        ("zone.region_wrap", "zone.region_not_ram"),
    ),
    "virtual past 2^64": (region(0, 1, BASE, (1 << 64) - 0x1000, 0x2000, 0), "zone.region_wrap"),
    "virtual past 2^40": (region(0, 1, BASE, (1 << 40) - 0x1000, 0x2000, 0), "zone.region_wrap"),
    "size past 2^64": (
        region(0, 1, BASE, BASE, (1 << 64) - 0x1000, 0),
        ("zone.region_wrap", "zone.region_not_ram"),
    ),
    "hypervisor's memory": (
        region(0, 1, 0x40200000, BASE, SIZE, 0),
        ("zone.region_hypervisor", "zone.ram_conflict"),
    ),
    "hypervisor's last page": (
        region(1, 1, 0x403FF000, 0x60000000, 0x1000, 0),
        ("zone.region_hypervisor", "zone.ram_conflict"),
    ),
    "root's RAM": (region(1, 1, 0xA0000000, 0x60000000, 0x1000, 0), "zone.ram_conflict"),
    "root's RAM, said to be shared": (
        region(1, 1, 0xA0000000, 0x60000000, 0x1000, 1),
        "zone.ram_conflict",
    ),
    "no RAM there": (region(1, 1, 0x30000000, 0x60000000, 0x1000, 0), "zone.region_not_ram"),
    "past the end of RAM": (region(1, 1, 0xBFFFF000, 0x60000000, 0x2000, 0), "zone.region_not_ram"),
    "overlap, virtual": (region(1, 1, 0x52000000, BASE, 0x1000, 0), "zone.region_overlap"),
    "overlap, physical": (region(1, 1, BASE, 0x70000000, 0x1000, 0), "zone.region_overlap"),
    "root's UART": (
        region(1, 2, 0x09000000, 0x09000000, 0x1000, 0),
        ("zone.region_not_device", "zone.device_conflict"),
    ),
    "the GIC as device": (region(1, 2, 0x08000000, 0x70000000, 0x10000, 0), "zone.region_not_device"),
    "RAM as device": (region(1, 2, 0x52000000, 0x70000000, 0x1000, 0), "zone.region_not_device"),
    "over its own GICD": (region(1, 1, 0x52000000, 0x08000000, 0x1000, 0), "zone.region_gic"),
    "virtio over its GICR": (region(1, 3, 0, 0x080A0000, 0x200, 0), "zone.region_gic"),
    "no RAM": (
        lambda m: (region(0, 2, 0x30A60000, 0x30A60000, 0x1000, 0)(m)),
        "zone.no_ram",
    ),
    "interrupt 5": (lambda m: m.command("interrupt", 5), "zone.interrupt_range"),
    "interrupt 1023": (lambda m: m.command("interrupt", 1023), "zone.interrupt_range"),
    "interrupt of root": (
        lambda m: m.command("interrupt", 33),
        ("zone.interrupt_board", "zone.interrupt_conflict"),
    ),
    "interrupt both hardware and virtual": (
        lambda m: (m.command("interrupt", 78), m.command("virtual", 78)),
        "zone.interrupt_both",
    ),
    "GIC version 2": (set_fields(gic__version=2), "zone.gic_version"),
    "GIC reserved": (set_fields(gic__reserved=1), ("zone.reserved", "zone.gic_version")),
    "GICD too small": (set_fields(gic__gicd_size=0x1000), "zone.gic_range"),
    "GICR too small": (set_fields(gic__gicr_size=0x10000), "zone.gic_range"),
    "GICD past 2^64": (set_fields(gic__gicd_base=(1 << 64) - 0x10000), "zone.gic_range"),
    "GICD over GICR": (set_fields(gic__gicr_base=0x08000000), "zone.gic_range"),
    "GICD unaligned": (set_fields(gic__gicd_base=0x08000004), "zone.gic_range"),
    "entry outside RAM": (set_fields(entry_point=0x0), "zone.entry"),
    "entry past RAM": (set_fields(entry_point=BASE + SIZE), "zone.entry"),
    "kernel outside RAM": (set_fields(kernel_load_paddr=0x40200000), "zone.kernel_range"),
    "kernel larger than RAM": (set_fields(kernel_size=SIZE), "zone.kernel_range"),
    "kernel empty": (set_fields(kernel_size=0), "zone.kernel_range"),
    "kernel past 2^64": (set_fields(kernel_size=(1 << 64) - 1), "zone.kernel_range"),
    "tree outside RAM": (set_fields(dtb_load_paddr=0x42000000, dtb_size=64), "zone.dtb_range"),
    "tree unaligned": (set_fields(dtb_load_paddr=BASE + 4, dtb_size=64), "zone.dtb_range"),
    "tree over kernel": (set_fields(dtb_load_paddr=BASE + 0x400000, dtb_size=64), "zone.image_overlap"),
}


def test_hostile_configs(m):
    """Configs that claim what is not there or another's: named, nothing kept, next start works."""
    before = used(m)
    for what, (mutate, want) in HOSTILE.items():
        m.config()
        mutate(m)
        names = want if isinstance(want, tuple) else (want,)
        allowed = {f"{kind}:{name}" for kind in ("config", "conflict") for name in names}
        check(what, m.create(), allowed)
    check("pool unchanged", used(m), before)
    check("no zone came of it", m.call(LIST).get("x1"), 1)
    alive(m, "after hostile configs")


def test_conflicts(m):
    """A second zone that claims the first one's things; the first one runs on."""
    m.config(cpus=0x4)
    m.command("interrupt", 78)
    m.run("wfi")
    generation = m.status()["generation"]
    claims = {
        "CPU": (0x4, 0x80000000, None, "conflict:zone.cpu_conflict"),
        "RAM": (0x8, BASE, None, "conflict:zone.ram_conflict"),
        "RAM, last page": (0x8, BASE + SIZE - 0x1000000, None, "conflict:zone.ram_conflict"),
        "interrupt": (0x8, 0x80000000, 78, "conflict:zone.interrupt_conflict"),
    }
    before = used(m)
    for what, (cpus, physical, interrupt, want) in claims.items():
        m.config(zone=2, cpus=cpus, physical=physical)
        if interrupt is not None:
            m.command("interrupt", interrupt)
        check(f"{what} of zone 1", m.create(), want)
    m.config(zone=1, cpus=0x8, physical=0x80000000)
    check("id of zone 1", m.create(), {"exists", "conflict:zone.id_conflict"})
    check("pool unchanged", used(m), before)
    status = m.status(1)
    check("zone 1 runs on", status["state"], "running")
    check("zone 1 saw no change", status["generation"], generation)
    end(m)


def test_lifecycle(m):
    """Every way a guest ends itself, and calls in the wrong state."""
    runs = 0
    for guest, arg, reason in (
        ("off", 0, "guest_off"),
        ("off", 1, "guest_off"),
        ("off", 2, "guest_off"),
        ("reset", 0, "guest_reset"),
        ("reset", 1, "guest_reset"),
    ):
        m.start(guest, arg)
        runs += 1
        status = m.wait("ended")
        check(f"{guest} {arg}", status["reason"], reason)
        check(f"{guest} {arg}: said hello, no more", len(m.log()), 1)
        check(f"{guest} {arg}: no CPU is on", status["cpus_on"], 0)
        check(f"{guest} {arg}: start again without destroy", m.simple("start"), "state")
        check(f"{guest} {arg}: stop of an ended zone", m.simple("stop"), "state")
        check(f"{guest} {arg}: destroyed", m.destroy()["state"], "none")
        status = m.status()
        check(f"{guest} {arg}: status stays readable", status["reason"], reason)
    m.start("wfi")
    check("start of a running zone", m.simple("start"), "state")
    check("destroy of a running zone", m.simple("destroy"), "state")
    check("create of a running zone", m.create(), {"exists", "conflict:zone.id_conflict"})
    check("inject of what is not virtual", result(m.call(INJECT, 1, 78)), "invalid")
    check("inject of 2^32", result(m.call(INJECT, 1, 1 << 32)), "invalid")
    check("complete what nobody waits for", result(m.call(COMPLETE, 1, 0, 1, 0)), "invalid")
    check("complete for vCPU 64", result(m.call(COMPLETE, 1, 64, 1, 0)), "invalid")
    end(m)
    m.config()
    m.create()
    check("loading", m.status()["state"], "loading")
    check("stop while loading", m.simple("stop"), "ok")
    check("ended by it", m.status()["state"], "ended")
    m.destroy()
    m.config()
    m.create()
    check("destroy while loading", m.destroy()["reason"], "destroyed")


def test_stubborn(m):
    """Guests that do not listen end within a second of guest time, and start again."""
    for guest, arg, what in (
        ("spin", 0, "spins with interrupts masked"),
        ("spin", 1, "spins without yield"),
        ("wfi", 0, "sleeps in WFI"),
        ("wfi", 1, "sleeps in WFE"),
    ):
        for _ in range(2):
            m.start(guest, arg)
            m.command("sleep", 20)
            check(f"{what}: runs", m.status()["state"], "running")
            check(f"{what}: stop", m.simple("stop"), "ok")
            status = m.wait("ended", SECOND)
            check(f"{what}: ended in {status['us']} us", status["reason"], "stopped")
            m.destroy()


# kind of badaccess.c: (name, has a syndrome)
ACCESSES = (
    ("load", True),
    ("store", True),
    ("execute", True),
    ("load pair", False),
    ("store with writeback", False),
    ("load exclusive", True),
    ("zero line", True),
    ("table walk", True),
    ("vectors", True),
)
ADDRESSES = (
    0x0, 0x09000000, 0x40200000, 0x42000000, 0x3EFF0000, 0xFFFFFFF000, 0x0A000000, 0xA0000000,
    0x08000000, 0x080B0100, 0x0A003C00, 0x08080000, 0x10000000000,
)  # fmt: skip
TRAPPED = {8, 9, 10}
PAST_IPA = 12


def bad_access(m, kind, index):
    """One forbidden access, judged."""
    name, syndrome = ACCESSES[kind]
    what = f"{name} at {ADDRESSES[index]:#x}"
    m.start("badaccess", kind | index << 8)
    status = m.wait("ended", SECOND)
    reason = {"bad_access"}
    if index in TRAPPED:
        reason = {"bad_access", "bad_mmio"} if syndrome else {"bad_mmio"}
    if index == PAST_IPA:
        reason = {"bad_access", "guest_off"}  # stage 1 may refuse it before we see it
    good = check(f"{what}: ends", status["reason"], reason)
    if good and status["reason"] != "guest_off":
        page = status["ipa"] & ~0xFFF
        want = ADDRESSES[index] & ~0xFFF
        check(f"{what}: IPA recorded", page, {want, (ADDRESSES[index] & ~0x7FF) & ~0xFFF})
        at = ADDRESSES[index] if name == "execute" else status["pc"] or None
        check(f"{what}: ESR and PC recorded", (status["esr"] != 0, status["pc"]), (True, at))
    elif not good:
        print("       log:", m.log())
    end(m)


def test_bad_access(m):
    """Addresses that nobody gave the zone, and trapped ones without a syndrome."""
    for kind in range(len(ACCESSES)):
        for index in range(len(ADDRESSES)):
            if index == 10 or (index in TRAPPED and ACCESSES[kind][1] and kind != 2):
                continue  # the zone may do that, or has no virtio region here
            if index == PAST_IPA and kind == 7:
                continue  # stage 1 refuses it: the guest faults for ever, all by itself
            bad_access(m, kind, index)
    alive(m, "after bad accesses")


def test_virtio_region(m):
    """A region that a device process answers, one that nobody answers, accesses it cannot decode."""
    slot = ADDRESSES.index(0x0A003C00)
    m.command("serve", 1)
    m.config()
    m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
    m.run("badaccess", slot << 8)
    check("answered load", m.wait("ended", SECOND)["reason"], "guest_off")
    check("guest went on", "survived" in m.log(), True)
    end(m)
    for kind in (3, 4):
        m.config()
        m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
        m.run("badaccess", kind | slot << 8)
        check(f"{ACCESSES[kind][0]} in it", m.wait("ended", SECOND)["reason"], "bad_mmio")
        end(m)
    m.command("serve", 0)
    for kind in (0, 1):
        m.config()
        m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
        m.run("badaccess", kind | slot << 8)
        m.command("sleep", 50)
        check("vCPU that waits for an answer: runs", m.status()["state"], "running")
        check("vCPU that waits for an answer: stop", m.simple("stop"), "ok")
        status = m.wait("ended", SECOND)
        check(f"vCPU that waits for an answer: ended in {status['us']} us", status["reason"], "stopped")
        check("late answer", result(m.call(COMPLETE, 1, 0, 1, 0)), {"state", "no_zone"})
        end(m)
    m.config()
    m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
    m.run("storm", 5)
    check("2000 notifications nobody reads", m.wait("ended", 10 * SECOND)["reason"], "guest_off")
    end(m)
    alive(m, "after virtio")


def test_leftovers(machine):
    """A zone's registers are gone when another zone gets its CPU; also on a CPU that has all there is."""
    leftovers(machine)
    hypervisor, guests, _ = machine.place
    with Monitor(hypervisor, guests, cpu="max") as m:
        leftovers(m)


def leftovers(m):
    """One zone fills, the next one looks."""
    m.start("leftover", 0, cpus=0x4)
    check("filled: ended", m.wait("ended", SECOND)["reason"], "guest_off")
    filled = m.log()[-1]
    check(filled, int(filled.split("registers=")[1].split()[0], 16) >= 28, True)
    end(m)
    m.start("leftover", 1, zone=2, cpus=0x4)
    check("looked: ended", m.wait("ended", SECOND)["reason"], "guest_off")
    check("nothing was left", m.log(), ["looked"])
    end(m, 2)


def test_psci(m):
    """PSCI of a zone with two vCPUs."""
    m.start("cpuon", cpus=0xC)
    status = m.wait("ended", 10 * SECOND)
    check("ended", status["reason"], "guest_off")
    log = m.log()
    check("all answers right", [line for line in log if line.startswith("bad")], [])
    check("20 rounds of CPU_ON and CPU_OFF", log[-1:], ["done rounds=0x14"])
    end(m)


def test_interrupts(m):
    """The interrupt controller: more interrupts than list registers, routing, disabling, two vCPUs."""
    m.config(cpus=0xC)
    for intid in range(128, 136):
        m.command("interrupt", intid)
    for intid in range(160, 164):
        m.command("virtual", intid)
    m.run("gic")
    check("ended", m.wait("ended", 10 * SECOND)["reason"], "guest_off")
    check("every interrupt where and when it must be", m.log(), ["done"])
    end(m)


def test_interrupt_state(m):
    """The interrupt controller of a zone with two vCPUs, and what its device process raises."""
    m.config(cpus=0xC)
    m.command("virtual", 78)
    m.run("interrupts")
    check("ended", m.wait("ended", 60 * SECOND)["reason"], "guest_off")
    log = m.log()
    check("all answers right", [line for line in log if line != "done"], [])
    check("came to its end", log[-1:], ["done"])
    end(m)
    m.config(cpus=0x8)
    m.command("virtual", 78)
    m.run("interrupts", 1)
    m.command("sleep", 20)
    lost = 0
    for count in range(1, 101):
        answer = result(m.call(INJECT, 1, 78))
        for _ in range(100):
            if m.command("peek", m.physical + IMAGE_OFFSET + PARAM_LOG_USED)["value"] == count:
                break
        else:
            lost += 1
        lost += answer != "ok"
    check("100 interrupts raised, one after the other: lost", lost, 0)
    for _ in range(200):
        m.call(INJECT, 1, 78)
    m.command("sleep", 20)
    seen = m.command("peek", m.physical + IMAGE_OFFSET + PARAM_LOG_USED)["value"]
    check(f"200 raised in a row: {seen - 100} taken", 100 < seen <= 300, True)
    end(m)
    alive(m, "after interrupts")


def test_operands(m):
    """Trapped accesses of every size and sign, with every register."""
    m.command("serve", 1)
    m.config(cpus=0x4)
    m.command("region", 1, 3, 0, 0x8A00FE00, 0x200, 0)
    m.command("virtual", 78)
    m.run("mmio")
    check("ended", m.wait("ended", 60 * SECOND)["reason"], "guest_off")
    log = m.log()
    check("all values right", [line for line in log if line != "done"], [])
    check("came to its end", log[-1:], ["done"])
    m.command("serve", 0)
    end(m)


STORMS = (
    "hypercalls", "PSCI", "GICD", "GICR", "SGIs", "QueueNotify", "system register reads",
    "system register writes", "odd instructions", "timers",
)  # fmt: skip


def test_storms(m):
    """Each storm to its end: the zone ends itself or is ended with a reason; the rest goes on."""
    m.command("second", 1)
    for kind, name in enumerate(STORMS):
        m.config(cpus=0xC)
        m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
        m.run("storm", kind)
        status = m.wait("ended", 20 * SECOND)
        check(f"{name}: ended", status["state"], "ended")
        reasons = {"guest_off", "bad_access", "bad_mmio", "bad_trap"}
        check(f"{name}: {status['exits']} exits", status["reason"], reasons)
        if status["reason"] != "guest_off":
            print(f"       esr={status['esr']:#x} ipa={status['ipa']:#x} pc={status['pc']:#x}", m.log())
        end(m)
    check("root's second CPU was never stuck", m.command("second", 0)["beats"] > 0, True)
    alive(m, "after storms")


def test_endless_storms(m):
    """Two endless storms side by side, stopped in the middle."""
    for first, second in ((0, 1), (2, 3), (4, 9), (5, 2), (8, 0)):
        for zone, kind, cpus, physical in ((1, first, 0x4, BASE), (2, second, 0x8, 0x80000000)):
            m.config(zone=zone, cpus=cpus, physical=physical)
            m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
            m.run("storm", kind | 0x100)
        m.command("sleep", 50)
        for zone in (1, 2):
            name = STORMS[(first, second)[zone - 1]]
            check(f"{name}: goes on", m.status(zone)["state"], "running")
            check(f"{name}: stop", m.simple("stop", zone), "ok")
            status = m.wait("ended", SECOND, zone)
            check(f"{name}: ended in {status['us']} us", status["reason"], "stopped")
            end(m, zone)
    alive(m, "after endless storms")


def pause(m, zone=1):
    """Pauses a zone that does not end by itself."""
    good = m.simple("pause", zone) == "ok" and not m.wait("paused", SECOND, zone)["late"]
    return good


def test_pause(m):
    """Pause and resume in every state; guests that do not listen; ends of a paused zone."""
    m.config()
    m.create()
    check("loading: pause", m.simple("pause"), "state")
    check("loading: resume", m.simple("resume"), "state")
    end(m)
    for guest, arg, cpus, what in (
        ("spin", 0, 0x4, "spins with interrupts masked"),
        ("spin", 1, 0x4, "spins without yield"),
        ("wfi", 0, 0x4, "sleeps in WFI"),
        ("wfi", 1, 0x4, "sleeps in WFE"),
        ("storm", 0x100, 0x4, "endless hypercalls"),
        ("storm", 0x104, 0xC, "endless SGIs"),
        ("storm", 0x109, 0xC, "endless timers"),
    ):
        m.start(guest, arg, cpus=cpus)
        m.command("sleep", 10)
        check(f"{what}: resume before", m.simple("resume"), "state")
        cpus_on = m.status()["cpus_on"]
        check(f"{what}: paused", pause(m), True)
        exits = m.status()["exits"]
        m.command("sleep", 20)
        status = m.status()
        check(f"{what}: does nothing", (status["state"], status["exits"]), ("paused", exits))
        check(f"{what}: its CPUs are on", status["cpus_on"], cpus_on)
        check(f"{what}: pause again", m.simple("pause"), "state")
        check(f"{what}: start", m.simple("start"), "state")
        check(f"{what}: destroy", m.simple("destroy"), "state")
        check(f"{what}: resume", m.simple("resume"), "ok")
        check(f"{what}: runs", m.status()["state"], "running")
        check(f"{what}: paused again", pause(m), True)
        check(f"{what}: stop", m.simple("stop"), "ok")
        check(f"{what}: ended", m.wait("ended", SECOND)["reason"], "stopped")
        check(f"{what}: pause of an ended one", m.simple("pause"), "state")
        m.destroy()
    m.start("spin")
    check("pause", m.simple("pause"), "ok")
    check("and stop at once", m.simple("stop"), "ok")
    check("ended", m.wait("ended", SECOND)["reason"], "stopped")
    end(m)
    alive(m, "after pauses")


def pause_all_the_time(m, guest, cpus, done):
    """Runs a guest to its end, which must be the right one; returns how often it was paused."""
    m.config(cpus=cpus)
    for intid in range(128, 136):
        m.command("interrupt", intid)
    for intid in range(160, 164):
        m.command("virtual", intid)
    m.command("virtual", 78)
    if guest == "mmio":
        m.command("region", 1, 3, 0, 0x8A00FE00, 0x200, 0)
    m.run(guest, 0)
    pauses = 0
    while m.status()["state"] != "ended":
        if m.simple("pause") == "ok":
            state = m.command("wait", 1, 6, 5)["state"]  # not for long: it may end first
            pauses += state == 6
        m.simple("resume")
    check(f"{guest}: ended after {pauses} pauses", m.status()["reason"], "guest_off")
    check(f"{guest}: and as it should", m.log(), [done])
    end(m)
    return pauses


def test_pause_goes_on(m):
    """A zone that is paused all the time comes to the same end as one that is not."""
    m.command("serve", 1)
    for guest, cpus, done in (("cpuon", 0xC, "done rounds=0x14"), ("gic", 0xC, "done"), ("mmio", 0x4, "done")):
        # On a machine that has much to do the guest may come to its end before anybody asks for a pause.
        pauses = (pause_all_the_time(m, guest, cpus, done) for _ in range(20))
        check(f"{guest}: was paused", any(pauses), True)
    m.command("serve", 0)


LONG = 30000  # milliseconds: what a pause lasts
BOUND = 0.25  # seconds that a zone may miss of its time: two of QEMU's turns of 100 ms, and a little


def clock(m, what, arg, cpus=0x4):
    """The clock guest over two long pauses; what it saw."""
    m.config(cpus=cpus)
    m.run("clock", arg)
    m.command("sleep", 50)
    for _ in range(2):
        check(f"{what}: paused", pause(m), True)
        m.command("sleep", LONG)
        check(f"{what}: resumed", m.simple("resume"), "ok")
        m.command("sleep", 50)
    m.command("poke", m.physical + IMAGE_OFFSET + PARAM_ARG, 0x100)
    check(f"{what}: ended", m.wait("ended", 10 * SECOND)["reason"], "guest_off")
    line = m.log()[-1]
    end(m)
    return {name: int(value, 16) for name, value in (word.split("=") for word in line.split()[1:])}


def test_pause_time(machine):
    """Virtual time stands still in a pause: the counter, the timer, one clock for all vCPUs."""
    hypervisor, guests, cpu = machine.place
    with Monitor(hypervisor, guests, icount=True, cpu=cpu) as m:
        for what, arg, cpus in (("masked", 0, 0x4), ("ticks", 1, 0x4), ("two vCPUs", 2, 0xC)):
            seen = clock(m, what, arg, cpus)
            second = seen["second"]
            if arg != 1:
                check(f"{what}: the pause was there", seen["physical_gap"] >= LONG // SECOND * second, True)
                check(f"{what}: CNTVCT went on by {seen['gap']} at most", 0 < seen["gap"] < BOUND * second, True)
            if arg != 0:
                lost = seen["due"] - seen["ticks"]
                check(f"{what}: {seen['ticks']} timer ticks, {lost} lost", 100 < seen["ticks"] and -2 < lost < 2, True)
                check(f"{what}: no more than a second of them", seen["due"] < SECOND, True)
                check(f"{what}: latest by {seen['late']}", seen["late"] < BOUND * second, True)
            check(f"{what}: none early", seen["early"], 0)
            check(f"{what}: no vCPU behind the other", seen["backwards"], 0)
        for when in ("meanwhile", "after"):
            loads(m, when)


def loads(m, when):
    """A vCPU that waits for its device when it is paused; the answer comes meanwhile or after."""
    m.config()
    m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
    m.run("clock", 3)
    m.command("sleep", 50)
    check(f"answer {when}: paused", pause(m), True)
    m.command("sleep", LONG)
    if when == "meanwhile":
        check("answer meanwhile", result(m.call(COMPLETE, 1, 0, 1, 0x55)), "ok")
        check("and no second one", result(m.call(COMPLETE, 1, 0, 1, 0x66)), "invalid")
        m.command("sleep", 50)
        check("paused still", m.status()["state"], "paused")
    check("resumed", m.simple("resume"), "ok")
    if when == "after":
        check("answer after", result(m.call(COMPLETE, 1, 0, 1, 0x55)), "ok")
    check(f"{when}: ended", m.wait("ended", 10 * SECOND)["reason"], "guest_off")
    log = m.log()
    end(m)
    check(f"{when}: its value", log[0], "loaded value=0x55")
    seen = {name: int(value, 16) for name, value in (word.split("=") for word in log[-1].split()[1:])}
    check(f"{when}: CNTVCT went on by {seen['gap']}", seen["gap"] < BOUND * seen["second"], True)
    check(f"{when}: the pause was there", seen["physical_gap"] >= LONG // SECOND * seen["second"], True)


def test_pause_interrupts(m):
    """What is raised while a zone is paused is there when it goes on."""
    m.config(cpus=0x8)
    m.command("virtual", 78)
    m.run("interrupts", 1)
    m.command("sleep", 20)
    used_at = m.physical + IMAGE_OFFSET + PARAM_LOG_USED
    for count in range(1, 21):
        if not pause(m) or result(m.call(INJECT, 1, 78)) != "ok":
            check("inject while paused", False, True)
        m.command("sleep", 2)
        seen = m.command("peek", used_at)["value"]
        m.simple("resume")
        for _ in range(100):
            if m.command("peek", used_at)["value"] == count:
                break
        after = m.command("peek", used_at)["value"]
        if (seen, after) != (count - 1, count):
            check(f"round {count}", (seen, after), (count - 1, count))
    check("20 interrupts raised in 20 pauses: taken", m.command("peek", used_at)["value"], 20)
    end(m)


def test_two_zones(m):
    """Two at once; the second with guest RAM at 0x40000000 elsewhere in the machine."""
    m.config(zone=1, cpus=0x4)
    m.run("wfi")
    m.start("off", zone=2, cpus=0x8, physical=0x80000000, virtual=0x40000000)
    check("zone 2 ran at 0x40000000", m.wait("ended")["reason"], "guest_off")
    check("its log", len(m.log()), 1)
    check("zone 1 runs on", m.status(1)["state"], "running")
    check("list", m.call(LIST).get("x1"), 0b111)
    end(m, 2)
    end(m, 1)


def test_root_window(m):
    """A zone's RAM is root's before the start, and not after, unless the config says so."""
    fault = "error fault esr=0x96000010"
    check("before create", m.command("peek", BASE)["error"], fault)
    m.config()
    m.set("flags", 0)
    m.create()
    check("loading: root reads", m.command("peek", BASE)["error"], "")
    m.load("wfi")
    check("start", m.simple("start"), "ok")
    check("running: root reads", m.command("peek", BASE)["error"], fault)
    check("running: root writes", m.command("poke", BASE, 1)["error"][:11], "error fault")
    end(m)
    check("after destroy", m.command("peek", BASE)["error"], fault)
    m.start("wfi")
    check("root sees RAM: running", m.command("peek", BASE)["error"], "")
    end(m)
    check("root sees RAM: after destroy", m.command("peek", BASE)["error"], fault)
    for address in (0x40200000, 0x403FF000, 0x80000000, 0x0, 0x30A60000, 0x3EFF0000):
        check(f"root reads {address:#x}", m.command("peek", address)["error"], fault)
        check(f"root writes {address:#x}", m.command("poke", address, 1)["error"][:11], "error fault")


def test_scrub(m):
    """What a zone left in its RAM is gone before anyone sees it again."""
    m.start("off", size=0x2000000)
    m.wait("ended")
    check("RAM has its image", m.command("zero", BASE, 0x2000000)["zero"], 0)
    m.destroy()
    m.config(size=0x2000000)
    m.create()
    check("RAM is clear", m.command("zero", BASE, 0x2000000)["zero"], 1)
    end(m)


def test_cycles(m):
    """50 runs leave no page behind."""
    m.start("off")
    m.wait("ended")
    end(m)
    before = m.command("stats")
    for i in range(50):
        m.config(cpus=0xC, size=0x10000000)
        m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
        m.command("interrupt", 78)
        m.run("wfi" if i % 2 else "off")
        if i % 2:
            m.simple("stop")
        m.wait("ended")
        m.destroy()
    after = m.command("stats")
    check(f"pool: {before['pool_used']} of {before['pool_pages']} pages", after["pool_used"], before["pool_used"])
    check("runs counted", m.status()["runs"] >= 51, True)
    check("news came by interrupt", after["news"] > before["news"], True)


def test_race(m):
    """Two CPUs of the root zone run two zones in circles; both take from the same tables."""
    before = used(m)
    m.config(zone=2, cpus=0x8, physical=0x80000000)
    m.command("second", 2)
    for i in range(60):
        m.config(cpus=0x4)
        m.command("region", 1, 3, 0, 0x0A003C00, 0x200, 0)
        m.run("off" if i % 3 else "spin")
        if i % 3 == 0:
            m.simple("stop")
        reason = m.wait("ended")["reason"]
        if reason not in ("guest_off", "stopped"):
            check(f"round {i}", reason, {"guest_off", "stopped"})
        m.destroy()
    second = m.command("second", 0)
    check(f"{second['beats']} rounds of the second CPU: errors", second["errors"], 0)
    check("it got along", second["beats"] > 10, True)
    check("pool unchanged", used(m), before)


def test_fuzz(m):
    """Root itself sends noise: calls, and configs with random words. Every one is answered."""
    noise = random.Random(1)
    where = m.command("where")
    edges = [0, 1, 2, 31, 32, 64, 1 << 31, 1 << 32, (1 << 64) - 1, 0x40200000, BASE, where["config"], where["status"]]
    answers = set()
    for _ in range(1500):
        number = noise.choice([noise.randrange(CALLS + 2), noise.randrange(1 << 16)])
        if number in (STATUS, CONFIG, STATS, PLATFORM, ROOT_CONFIG):
            # these write where they are told to, which is the monitor's own memory
            arguments = [noise.choice([*edges[:10], noise.getrandbits(64)]) for _ in range(4)]
        else:
            arguments = [noise.choice([*edges, noise.getrandbits(64)]) for _ in range(4)]
        answers.add(result(m.call(number, *arguments)))
    check("calls: all answers are known", answers <= set(ERRORS.values()), True)
    for zone in range(1, 32):
        end(m, zone)
    created = 0
    for _ in range(500):
        m.config(zone=1 + noise.randrange(3), cpus=noise.choice([4, 8, 12]))
        for _ in range(noise.randrange(4)):
            offset = noise.randrange(where["config_size"] // 4) * 4
            m.command("poke", where["config"] + offset, noise.choice([*edges[:8], noise.getrandbits(32)]) & 0xFFFFFFFF)
        if m.create() == "ok":
            created += 1
            zone = m.call(LIST)["x1"].bit_length() - 1
            m.simple("start", zone)
            end(m, zone)
    print(f"       {created} of 500 random configs were valid")
    check("no zone left", m.call(LIST).get("x1"), 1)
    alive(m, "after noise")


def test_root_storms(m):
    """The storms once more, by a root zone of its own: it may come to harm, the hypervisor may not."""
    hypervisor, guests, cpu = m.place
    for kind, name in enumerate(STORMS):
        try:
            output, code = run_as_root(hypervisor, guests, "storm", kind, cpu)
        except subprocess.TimeoutExpired as error:
            output, code = (error.stdout or b"").decode("ascii", "replace"), "timeout"
        check(f"{name}: machine switched off", code, 0)
        check(f"{name}: root came to its end", "over faults=" in output, True)
        if "over faults=" not in output:
            print(output[-1500:])


def test_machine_off(m):
    """The root zone's SYSTEM_OFF is the machine's. Last, for that reason."""
    m.start("spin")
    m.process.stdin.write(b"off\n")
    m.wait_exit()
    check("QEMU left", m.process.returncode, 0)


TESTS = [function for name, function in list(globals().items()) if name.startswith("test_")]


def clean(m):
    """True if a test left the machine as it found it."""
    return m is not None and m.process.poll() is None and m.call(LIST).get("x1") == 1


def run_all(arguments):
    """All tests on one machine; a fresh one after a test that lost it."""
    machine = None
    for test in TESTS:
        if arguments.only not in test.__name__:
            continue
        print(f"{test.__name__[5:]}: {test.__doc__.splitlines()[0]}")
        try:
            if machine is None:
                machine = Monitor(arguments.hypervisor, arguments.guests, cpu=arguments.cpu)
            test(machine)
            keep = test is test_machine_off or check("left no zone", clean(machine), True)
        except (MonitorError, KeyError, OSError) as error:
            CHECKS["failed"] += 1
            print(f"  FAIL {test.__name__}: {error!r}")
            traceback.print_exc(file=sys.stdout)
            if machine is not None:
                print("\n".join("       " + line for line in machine.transcript[-20:]))
            keep = False
        if machine is not None and (not keep or machine.process.poll() is not None):
            machine.close()
            machine = None
    if machine is not None:
        machine.close()


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--hypervisor", required=True, help="hvisor.bin")
    parser.add_argument("--guests", required=True, help="folder with the guests' .bin files")
    parser.add_argument("--cpu", default="cortex-a72", help="QEMU's CPU model")
    parser.add_argument("--only", default="", help="run tests whose name holds this text")
    arguments = parser.parse_args()
    run_all(arguments)
    print(f"{CHECKS['passed']} passed, {CHECKS['failed']} failed")
    return 0 if CHECKS["failed"] == 0 and CHECKS["passed"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
