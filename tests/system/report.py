# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts checks and prints a line for each, with the figure it is about."""

passed = 0  # pylint: disable=invalid-name
failed = 0  # pylint: disable=invalid-name


def check(what, good, figure=""):
    """One expectation."""
    global passed, failed  # pylint: disable=global-statement
    if good:
        passed += 1
    else:
        failed += 1
    print(f"  {'ok  ' if good else 'FAIL'} {what}" + (f": {figure}" if figure != "" else ""), flush=True)
    return good


def note(what):
    """A line that is no check."""
    print(f"       {what}", flush=True)


def end():
    """The last line, and the exit status."""
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if failed == 0 and passed > 0 else 1
