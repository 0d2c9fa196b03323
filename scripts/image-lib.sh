# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by the scripts that make images: pieces of root file systems and trees.

# shellcheck shell=bash
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

example=$tree/examples/qemu-arm64
root_initrd_start=0x48200000 # as in root.dts
library_roots=("$debs/root") # where libraries() looks
modules_root=$debs/root      # where module() looks

kernel=$debs/root/boot/vmlinuz-$(cat "$debs/version" 2>/dev/null || true)

# $1 = folder of a root file system, $2 = name of a module: copies it, and first those it needs;
# lib/modules/order lists all in the order in which they load.
module() {
	local file name to=$1/lib/modules
	[ ! -e "$to/$2.ko" ] || return 0
	file=$(find "$modules_root/lib/modules" -name "$2.ko")
	[ -n "$file" ] || die "Debian's kernel package has no module $2"
	for name in $(aarch64-linux-gnu-objcopy -O binary --only-section=.modinfo "$file" /dev/stdout |
		tr '\0' '\n' | sed -n 's/^depends=//p' | tr , ' '); do
		module "$1" "$name"
	done
	cp "$file" "$to/"
	echo "$2" >>"$to/order"
}

# $1 = folder: what both kinds of Linux have.
base_tree() {
	mkdir -p "$1"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,root,lib/modules}
	cp "$debs/root/bin/busybox" "$1/bin/busybox"
	ln -s /bin/busybox "$1/init"
	ln -s /bin/busybox "$1/bin/sh"
}

# $1 = folder, $@ = modules: the root file system of a zone.
zone_tree() {
	local to=$1 name
	shift
	base_tree "$to"
	cp -r "$example/zone/." "$to"
	for name; do
		module "$to" "$name"
	done
}

# $1 = name of a program: prints where the arm64 build has it.
program() {
	local found
	found=$(find "$cross" -type f -name "$1")
	[ -n "$found" ] || die "no $1 in $cross; run scripts/build first"
	echo "$found"
}

# $1 = folder, $2 = file: packs a folder as a kernel wants its initramfs.
pack() {
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R 0:0 --reproducible) >"$2"
}

# $1 = source, $2 = tree blob.
compile_tree() {
	dtc -I dts -O dtb -i "$example" -o "$2" "$1"
}

# $1 = tree blob, $2 = first byte of the initramfs, $3 = the byte after it.
set_initrd() {
	fdtput -t x "$1" /chosen linux,initrd-start $(($2 >> 32)) "$(printf %x $(($2 & 0xffffffff)))"
	fdtput -t x "$1" /chosen linux,initrd-end $(($3 >> 32)) "$(printf %x $(($3 & 0xffffffff)))"
}

# $@ = programs, libraries: prints the libraries that they name.
needed() {
	aarch64-linux-gnu-readelf -d "$@" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u
}

# $1 = folder of a root file system, $@ = files in it: copies the libraries they need.
libraries() {
	local to=$1/lib/aarch64-linux-gnu name file
	shift
	mkdir -p "$to"
	for name in $(needed "$@"); do
		if [ "$name" = ld-linux-aarch64.so.1 ] || [ -e "$to/$name" ]; then
			continue
		fi
		file=$(find "${library_roots[@]/%//lib}" "${library_roots[@]/%//usr/lib}" -name "$name" | head -n 1)
		[ -n "$file" ] || die "no library $name in Debian's packages"
		cp -L "$file" "$to/$name"
		libraries "${to%/lib/*}" "$to/$name"
	done
}

# $1 = folder, $@ = unpacked packages: a root file system of systemd, without what nobody reads here.
debian_tree() {
	local to=$1 packages
	shift
	mkdir -p "$to"/{bin,sbin,usr/bin,usr/sbin,etc,proc,sys,dev,run,tmp,root,var/log/journal}
	for packages; do
		cp -r "$packages/." "$to"
	done
	rm -rf "$to"/usr/share/{doc,man,locale,lintian,bug,bash-completion,zsh}
	cp "$debs/root/bin/busybox" "$to/bin/busybox"
	ln -s /lib/systemd/systemd "$to/init"
}

# $1 = folder of a root file system: the libraries of all that is in it, and busybox for the commands that are not.
complete() {
	local name programs
	mapfile -t programs < <(find "$1" -type f \( -perm -u+x -o -name '*.so*' \) -print)
	libraries "$1" "${programs[@]}"
	cp -L "$debs/root/lib/ld-linux-aarch64.so.1" "$1/lib/"
	for name in $(qemu-aarch64-static "$1/bin/busybox" --list); do
		[ -e "$1/bin/$name" ] || [ -e "$1/sbin/$name" ] || [ -e "$1/usr/bin/$name" ] || [ -e "$1/usr/sbin/$name" ] ||
			ln -s busybox "$1/bin/$name"
	done
}
