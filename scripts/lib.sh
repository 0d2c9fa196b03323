# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts of this folder: where things are, and how to say so.

# shellcheck shell=bash
set -euo pipefail

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cache=${HVISOR_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hvisor}

# The unpacked packages; links that fetch-debs moves only once all is there.
debs=$cache/arm64
systemd_debs=$cache/systemd
linux_debs=$cache/linux
virtio_debs=$cache/virtio

# Where the builds go: build/, build-arm64/ and build-image/ of the tree, or of HVISOR_OUT.
out=${HVISOR_OUT:-$tree}
native=$out/build
cross=$out/build-arm64
image=$out/build-image

jobs=${HVISOR_JOBS:-$(nproc)}

say() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# Runs a command quietly; its output is shown only where it fails.
quietly() {
	local log
	log=$(mktemp)
	if ! "$@" >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		die "failed: $*"
	fi
	rm -f "$log"
}

# Runs a command as root.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root or sudo: $*"
	fi
}
