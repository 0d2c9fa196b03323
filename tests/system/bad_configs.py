# SPDX-License-Identifier: GPL-2.0-or-later
"""The malformed zone files of tests/api/bad, given to the daemon and the client of root Linux."""

import json
import os
import re
import subprocess

FOLDER = "/test/cases"  # of the files in root Linux
CASES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "api", "bad")
LIVE = "/test/live"  # the config directory that each is put into

TREE = """/dts-v1/;
/ {{
	#address-cells = <2>;
	#size-cells = <2>;
	chosen {{ {chosen} }};
	memory@50000000 {{ device_type = "memory"; reg = <0x0 0x50000000 0x0 {size:#x}>; }};
	cpus {{ {cpus} }};
}};
"""

GENERATED = {
    "generated-depth-10000": "yes '[' | head -n 10000 | tr -d '\\n'",
    "generated-depth-10000-objects": "yes '{\"a\":' | head -n 10000 | tr -d '\\n'; echo 1",
    "generated-100-MB": "head -c 100000000 /dev/zero | tr '\\0' ' '; echo '{}'",
}

# Checks one file alone, then puts it in the place of a good one and starts that zone.
SCRIPT = f"""#!/bin/sh
# NAME: one line "NAME CHECK-STATUS START-STATUS JSON-OF-CHECK".
cd {LIVE}
for name; do
	cp {FOLDER}/$name.json {LIVE}/case.json
	report=$(hvisorctl --json check case.json | tr -d '\\n')
	checked=$(hvisorctl --json check case.json >/dev/null; echo $?)
	hvisorctl start case >/dev/null 2>&1
	started=$?
	# A file without a good name is known by its zone's id.
	if [ $started = 4 ]; then
		hvisorctl start 1 >/dev/null 2>&1
		started=$?
	fi
	echo "$name $checked $started $report"
done
"""


def tree(chosen="", size=0x30000000, cpus=2):
    """A device tree blob that fits the specification's example, or nearly."""
    nodes = " ".join(f'cpu@{n} {{ device_type = "cpu"; reg = <0 {n}>; }};' for n in range(cpus))
    source = TREE.format(chosen=chosen, size=size, cpus=nodes)
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb"]
    return subprocess.run(command, input=source.encode(), check=True, capture_output=True).stdout


def images():
    """The files that the cases name; tests/api/fixtures.h says what each is."""
    linux = bytearray(4096)
    linux[19] = 2
    linux[56:60] = b"ARM\x64"
    good = tree()
    initrd = "linux,initrd-start = <0x0 0x40000000>; linux,initrd-end = <0x0 0x40001000>;"
    return {
        "Image": bytes(4096),
        "linux.Image": bytes(linux),
        "disk.img": bytes(4096),
        "empty": b"",
        "linux2.dtb": good,
        "garbage.dtb": b"\xa5" * 4096,
        "cut.dtb": good[: len(good) // 2],
        "large.dtb": bytes(0x200001),
        "memory.dtb": tree(size=0x30001000),
        "initrd.dtb": tree(chosen=initrd),
        "cpus.dtb": tree(cpus=3),
    }


def names():
    """Cases of one file."""
    found = (name[:-5] for name in os.listdir(CASES) if name.endswith(".json"))
    # All get one file name here, so what is wrong with a file's name shows elsewhere.
    return sorted(name for name in found if not name.startswith("name-from-a-file-name"))


def files():
    """What root Linux needs; the expectations stay here."""
    result = {f"{LIVE}/{name}": content for name, content in images().items()}
    for name in names():
        result[f"{FOLDER}/{name}.json"] = os.path.join(CASES, name + ".json")
    result["/test/bad-configs.sh"] = SCRIPT.encode()
    return result


def expectation(name):
    """(reason, pointer) of every error that the case must have."""
    with open(os.path.join(CASES, name + ".expect"), encoding="utf-8") as file:
        return {(m[1], m[2]) for m in re.finditer(r'^\S+ error (\S+) "([^"]*)"', file.read(), re.M)}


def prepare(machine):
    """Makes what is too large to carry along, and a good zone that the cases will replace."""
    machine.run(f"mkdir -p {LIVE}/folder; truncate -s 805306369 {LIVE}/huge")
    for name, command in GENERATED.items():
        machine.run(f"{{ {command}; }} >{FOLDER}/{name}.json", 300)
    machine.run(f"cp /etc/hvisor/zones/zone1.json {LIVE}/case.json")


def problem_of(checked, started, report, expected):
    """What is wrong with the answers to one case, or None."""
    if (checked, started) != ("5", "5"):
        return f"exit status {checked} of check, {started} of start"
    found = {(f["reason"], f["pointer"]) for f in json.loads(report)["findings"] if f["severity"] == "error"}
    if not expected or not expected <= found:
        return f"{sorted(found)}, not {sorted(expected)}"
    return None


def run(machine):
    """Tries all: yields (name, what is wrong or None)."""
    cases = names() + sorted(GENERATED)
    for first in range(0, len(cases), 10):
        batch = cases[first : first + 10]
        output = machine.run("sh /test/bad-configs.sh " + " ".join(batch), 600)
        answers = {line.split(" ")[0]: line for line in output.splitlines()}
        for name in batch:
            if name not in answers:
                yield name, f"no answer: {output[-300:]}"
                continue
            yield name, problem_of(*answers[name].split(" ", 3)[1:], expectation(name))
