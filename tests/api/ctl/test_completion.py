# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion: hvisorctl's own, and through each shell that is here."""
import os
import shutil
import subprocess
import sys

from fake_daemon import FakeDaemon, Later
from harness import PATIENCE, check, run

FOLDER = sys.argv[1] + "/hvisorctl/completions/"
NAMES = ["root", "rt-a", "rt-b", "with:colon", "linux2"]


def daemon(place, names=NAMES):
    fake = FakeDaemon(place.dir, {"zone.list": {"seq": 1, "zones": [
        {"id": i, "name": name, "state": "running", "cpus": []} for i, name in enumerate(names)]}})
    place.environment["HVISOR_SOCKET"] = fake.path
    return fake


def words(place, *line):
    status, out, errors = place.ctl("complete", "--", *line, socket=False)
    check((status, errors), (0, ""))
    return [candidate.split("\t")[0] for candidate in out.splitlines()]


def candidates(place):
    daemon(place, [*NAMES, "bad\nname", "-dash", ":files", ""])
    assert {"list", "start", "help"} <= set(words(place, "")), words(place, "")
    assert "complete" not in words(place, "")
    check(words(place, "st"), ["status", "start", "stop"])
    check(words(place, "stop", ""), NAMES)
    check(words(place, "stop", "rt-a", "rt"), ["rt-a", "rt-b"])
    check(words(place, "--json", "stop", "li"), ["linux2"])
    check(words(place, "stop", "--mo"), ["--mode"])
    check(words(place, "stop", "--mode", ""), ["auto", "graceful", "force"])
    check(words(place, "stop", "--mode=f"), ["--mode=force"])
    # as bash cuts it
    check(words(place, "stop", "--mode", "=", "f"), ["force"])
    check(words(place, "stop", "--mode", "="), ["auto", "graceful", "force"])
    check(words(place, "list", "-o", "w"), ["wide"])
    check(words(place, "list", "--mode", ""), ["auto", "graceful", "force"])
    assert "--follow" in words(place, "logs", "-") and "--mode" not in words(place, "logs", "-")
    check(words(place, "check", ""), [":files"])
    check(words(place, "list", "--socket", ""), [":files"])
    check(words(place, "help", "res"), ["restart", "resume", "resources"])
    check(words(place, "events", "--zone", "rt"), ["rt-a", "rt-b"])
    check(words(place, "version", ""), [])
    check(words(place, "stop", "--", "rt"), ["rt-a", "rt-b"])
    check(words(place, "nonsense", ""), words(place, ""))
    # another machine is not asked
    check(words(place, "-H", "ssh://board", "stop", ""), [])
    check(words(place), words(place, ""))


def silent(place):
    """No daemon, or one that does not answer, costs neither words nor much time."""
    place.environment["HVISOR_SOCKET"] = place.dir + "/none"
    check(words(place, "stop", ""), [])
    fake = daemon(place)
    fake.handlers["zone.list"] = lambda params, connection, id: Later
    check(words(place, "stop", ""), [])


def shell(place, *command):
    return subprocess.run(command, capture_output=True, timeout=PATIENCE, env=place.environment, cwd=place.dir)


def bash(place):
    daemon(place)
    open(place.dir + "/my file.json", "w").close()

    def completed(*line):
        script = f"""
source {FOLDER}hvisorctl.bash
COMP_WORDS=(hvisorctl "$@") COMP_CWORD=$#
_hvisorctl hvisorctl "${{@: -1}}" "${{@: -2:1}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
        done = shell(place, "bash", "-c", script, "bash", *line)
        check(done.stderr, b"")
        return done.stdout.decode().split("\n")[:-1]
    check(completed("st"), ["status", "start", "stop"])
    check(completed("stop", "rt"), ["rt-a", "rt-b"])
    check(completed("stop", "--mode", "=", "f"), ["force"])
    check(completed("check", "my"), ["my file.json"])
    check(completed("version", "x"), [""])
    check(shell(place, "bash", "-c", f"source {FOLDER}hvisorctl.bash; complete -p hvisorctl").stdout,
          b"complete -F _hvisorctl hvisorctl\n")


def zsh(place):
    if shutil.which("zsh") is None:
        return " # SKIP no zsh"
    daemon(place)
    check(shell(place, "zsh", "-n", FOLDER + "_hvisorctl").returncode, 0)

    def completed(*line):
        script = f"""
fpath=({FOLDER} $fpath)
autoload -Uz _hvisorctl
_describe() {{ print -rl -- "${{(@P)2}}" }}
_files() {{ print FILES }}
words=(hvisorctl "$@") CURRENT=$#words
_hvisorctl
"""
        done = shell(place, "zsh", "-f", "-c", script, "zsh", *line)
        check(done.stderr, b"")
        return done.stdout.decode().splitlines()
    check([line.split(":")[0] for line in completed("st")], ["status", "start", "stop"])
    check(completed("stop", "rt"), ["rt-a:running", "rt-b:running"])
    check(completed("stop", "with"), [r"with\:colon:running"])
    check(completed("check", "")[0], "FILES")


def zsh_itself(place):
    """Through zsh's own completion system, on a terminal."""
    if shutil.which("zsh") is None:
        return " # SKIP no zsh"
    daemon(place)
    with open(place.dir + "/.zshrc", "w") as file:
        file.write(f"fpath=({FOLDER} $fpath)\nautoload -Uz compinit; compinit -u -D\nPS1='ready> '\n"
                   "unsetopt zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste\n")
    from harness import Terminal
    terminal = Terminal(["zsh", "-i", "-d"], {**place.environment, "ZDOTDIR": place.dir, "TERM": "dumb"}, place.dir)
    terminal.expect(b"ready> ")
    terminal.type(b"echo hvisorctl; hvisorctl stop lin\t")
    terminal.expect(b"linux2")
    terminal.type(b"\x15exit\n")
    terminal.process.kill()
    terminal.finish()
    return None


def fish(place):
    if shutil.which("fish") is None:
        return " # SKIP no fish"
    daemon(place)
    check(shell(place, "fish", "-n", FOLDER + "hvisorctl.fish").returncode, 0)

    def completed(line):
        done = shell(place, "fish", "--no-config", "-c", f'source {FOLDER}hvisorctl.fish; complete -C "{line}"')
        return [candidate.split("\t")[0] for candidate in done.stdout.decode().splitlines()]
    check(sorted(completed("hvisorctl st")), ["start", "status", "stop"])
    check(completed("hvisorctl stop rt"), ["rt-a", "rt-b"])
    assert "linux2" in completed("hvisorctl stop ")
    check(completed("hvisorctl stop --mode=f"), ["--mode=force"])
    open(place.dir + "/zone.json", "w").close()
    check(completed("hvisorctl check zo"), ["zone.json"])
    return None


run([candidates, silent, bash, zsh, zsh_itself, fish])
