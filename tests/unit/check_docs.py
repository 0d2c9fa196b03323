#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every call, error, state, reason, ioctl and violation of the ABI headers is in docs/hypercalls.md."""

import pathlib
import re
import sys

# Not calls of their own.
HELPERS = {"HV_CALL_BASE", "HV_CALL_COUNT", "HV_IOC_TYPE", "HV_ZONE_STATES"}
NAMES = r"#define (HV_(?:CALL|ERR|ZONE|REASON|IOC|MMAP)_[A-Z_]+)[ \t]"


def main(root):
    abi = root / "hypervisor" / "abi"
    doc = (root / "docs" / "hypercalls.md").read_text()
    wanted = set()
    for header in ("hv_call.h", "hv_ioctl.h"):
        wanted |= set(re.findall(NAMES, (abi / header).read_text()))
    wanted |= set(re.findall(r'"(zone\.[a-z0-9_]+)"', (abi / "hv_validate.c").read_text()))
    wanted -= HELPERS | {"zone.none", "zone.unknown"}
    missing = sorted(name for name in wanted if not re.search(rf"{re.escape(name)}\b", doc))
    for name in missing:
        print(f"docs/hypercalls.md does not speak of {name}")
    print(f"{len(wanted)} names, {len(missing)} missing")
    return 1 if missing or not wanted else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
