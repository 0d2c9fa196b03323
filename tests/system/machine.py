# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU with the hypervisor, and root Linux' shell on its serial line."""

import hashlib
import mmap
import os
import re
import select
import shutil
import subprocess
import tempfile
import time

RAM_START = 0x40000000
RAM_SIZE = 0x80000000
INITRD_START = 0x48200000
BOOT_TIMEOUT = 120
END = "@end:"


class MachineError(Exception):
    """The machine does not answer, or is gone; the text holds its last output."""


class Machine:
    """One boot of examples/qemu-arm64's images. command() runs one line in root's shell."""

    def __init__(self, images, files=None, bootargs="zones=none", icount=False, cpu="cortex-a57", shell=True,
                 root="root.cpio", drives=()):
        """files: {path in the root file system: bytes, or path of a file here}. root: of the images.

        drives: raw images that are root Linux' /dev/vda and so on, once it has the drivers.

        Without shell the prompt is left to the caller, as a person finds it; start_shell() follows.
        """
        self.root = root
        self.drives = drives
        self.folder = tempfile.mkdtemp(prefix="hvisor-")
        self.transcript = ""
        self.pending = ""
        self.serial = 0
        try:
            self.process = subprocess.Popen(
                self._command(images, files or {}, bootargs, icount, cpu),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
            )
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        try:
            self.greeting = self.expect(r"root:\S* *# ", BOOT_TIMEOUT)
            if shell:
                self.start_shell()
        except BaseException:
            self.close()
            raise

    def start_shell(self):
        """From the prompt to a shell that neither edits its input nor prompts: it is not interactive.

        Not by `cat | sh`: busybox' cat uses sendfile(), which holds the pipe's lock while it waits
        for the terminal, so that sh would wait for the next line before it reads this one.
        """
        self.send("stty -echo; exec sh -c 'while IFS= read -r line; do eval \"$line\"; done'\n")
        time.sleep(1)
        self.command("true", BOOT_TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _command(self, images, files, bootargs, icount, cpu):
        cpio = self._initramfs(os.path.join(images, self.root), files)
        tree = os.path.join(self.folder, "root.dtb")
        shutil.copy(os.path.join(images, "root.dtb"), tree)
        self._set_tree(tree, os.path.getsize(cpio), bootargs)
        for number in range(len(self.drives)):
            self._add_slot(tree, number)
        self.ram = os.path.join(self.folder, "ram")
        command = ["qemu-system-aarch64", "-cpu", cpu, "-smp", "4", "-m", "2G"]
        command += ["-M", "virt,gic-version=3,virtualization=on,memory-backend=ram"]
        command += ["-object", f"memory-backend-file,id=ram,size=2G,share=on,mem-path={self.ram}"]
        command += ["-nodefaults", "-display", "none", "-no-reboot", "-monitor", "none", "-serial", "stdio"]
        command += ["-kernel", os.path.join(images, "hvisor.bin")]
        loads = ((tree, 0x41E00000), (os.path.join(images, "kernel"), 0x42000000), (cpio, INITRD_START))
        for path, address in loads:
            command += ["-device", f"loader,file={path},addr={address:#x},force-raw=on"]
        for number, drive in enumerate(self.drives):
            command += ["-drive", f"if=none,id=drive{number},format=raw,file={drive}"]
            command += ["-device", f"virtio-blk-device,drive=drive{number},bus=virtio-mmio-bus.{number}"]
        command += ["-global", "virtio-mmio.force-legacy=false"]
        if icount:
            command += ["-icount", "shift=0,sleep=off"]
        return command

    def _initramfs(self, base, files):
        """The images' initramfs with an archive of further files behind it."""
        path = os.path.join(self.folder, "root.cpio")
        extra = os.path.join(self.folder, "extra")
        for name, content in files.items():
            to = os.path.join(extra, name.lstrip("/"))
            os.makedirs(os.path.dirname(to), exist_ok=True)
            if isinstance(content, bytes):
                with open(to, "wb") as out:
                    out.write(content)
            else:
                shutil.copy(content, to)
        shutil.copy(base, path)
        if files:
            names = subprocess.run(["find", ".", "-mindepth", "1"], cwd=extra, check=True, capture_output=True)
            pack = ["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"]
            archive = subprocess.run(pack, cwd=extra, input=names.stdout, check=True, capture_output=True)
            with open(path, "ab") as out:
                out.write(b"\0" * (-out.tell() % 512) + archive.stdout)
            shutil.rmtree(extra)
        return path

    @staticmethod
    def _set_tree(tree, initrd_size, bootargs):
        end = INITRD_START + initrd_size
        subprocess.run(["fdtput", "-t", "x", tree, "/chosen", "linux,initrd-end", "0", f"{end:x}"], check=True)
        old = subprocess.run(["fdtget", tree, "/chosen", "bootargs"], check=True, capture_output=True, text=True)
        args = f"{old.stdout.strip()} {bootargs}"
        subprocess.run(["fdtput", "-t", "s", tree, "/chosen", "bootargs", args], check=True)

    @staticmethod
    def _add_slot(tree, number):
        """A node for one of the board's virtio-mmio slots, whose interrupts are edges from SPI 16 on."""
        node = f"/virtio_mmio@{0xA000000 + 0x200 * number:x}"
        reg = ["0", f"{0xA000000 + 0x200 * number:x}", "0", "200"]
        subprocess.run(["fdtput", "-c", tree, node], check=True)
        subprocess.run(["fdtput", "-t", "s", tree, node, "compatible", "virtio,mmio"], check=True)
        subprocess.run(["fdtput", "-t", "x", tree, node, "reg", *reg], check=True)
        subprocess.run(["fdtput", "-t", "x", tree, node, "interrupts", "0", f"{16 + number:x}", "1"], check=True)
        subprocess.run(["fdtput", tree, node, "dma-coherent"], check=True)

    def close(self):
        """Ends QEMU and removes all files; safe to call twice."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def send(self, text):
        """Types text."""
        try:
            self.process.stdin.write(text.encode())
        except OSError as error:
            raise MachineError(f"QEMU is gone: {error}\n{self.tail()}") from error

    def tail(self):
        """The last output, for messages."""
        return self.transcript[-2000:]

    def expect(self, pattern, timeout=60):
        """Waits for a regular expression and returns the output before it."""
        deadline = time.monotonic() + timeout
        while True:
            match = re.search(pattern, self.pending)
            if match:
                before = self.pending[: match.start()]
                self.pending = self.pending[match.end() :]
                self.match = match
                return before
            left = deadline - time.monotonic()
            if left <= 0:
                raise MachineError(f"no {pattern!r} within {timeout} s\n{self.tail()}")
            if not select.select([self.process.stdout], [], [], left)[0]:
                continue
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise MachineError(f"QEMU ended\n{self.tail()}")
            text = data.decode("utf-8", "replace").replace("\r", "")
            self.pending += text
            self.transcript += text

    def command(self, line, timeout=120):
        """Runs a shell line in root Linux: (exit status, output)."""
        self.serial += 1
        mark = f"{END}{self.serial}:"
        # The marker is split, so that nothing but the shell's own output has it.
        self.send(f"{{ {line}; }} </dev/null 2>&1; echo '{mark[:3]}''{mark[3:]}'$?:\n")
        output = self.expect(re.escape(mark) + r"(\d+):\n", timeout)
        return int(self.match.group(1)), output

    def run(self, line, timeout=120):
        """A command that must succeed: its output."""
        status, output = self.command(line, timeout)
        if status != 0:
            raise MachineError(f"{line}: exit status {status}\n{output}")
        return output

    def digest(self, start, size):
        """SHA-256 of a range of the machine's physical memory, as it is now."""
        digest = hashlib.sha256()
        with open(self.ram, "rb") as file, mmap.mmap(file.fileno(), RAM_SIZE, prot=mmap.PROT_READ) as ram:
            for offset in range(start - RAM_START, start - RAM_START + size, 1 << 20):
                digest.update(ram[offset : offset + (1 << 20)])
        return digest.hexdigest()

    def fill(self, start, size, byte):
        """Writes physical memory behind the machine's back."""
        with open(self.ram, "r+b") as file:
            file.seek(start - RAM_START)
            file.write(bytes([byte]) * size)
