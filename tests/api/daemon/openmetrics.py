# SPDX-License-Identifier: GPL-2.0-or-later
"""A reader of OpenMetrics 1.0 text that takes nothing that the standard does not allow."""
import re

SUFFIXES = {"counter": ["_total", "_created"], "gauge": [""], "summary": ["_count", "_sum", "_created", ""],
            "stateset": [""], "info": ["_info"], "unknown": [""]}
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[n"\\])*)"')
SAMPLE = re.compile(r"(" + NAME + r")(\{.*\})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|\+Inf|-Inf|NaN)")
ABOUT = re.compile(r"# (TYPE|UNIT|HELP) (" + NAME + r") (.*)")


def unescape(text):
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found.group(1), found.group(1)), text)


def labels_of(text):
    """The labels of a sample, in braces."""
    labels, rest = {}, text[1:-1]
    while rest:
        found = LABEL.match(rest)
        assert found, text
        assert found.group(1) not in labels, text
        labels[found.group(1)] = unescape(found.group(2))
        rest = rest[found.end():]
        assert not rest or (rest[0] == "," and len(rest) > 1), text
        rest = rest[1:]
    return labels


class Family:
    def __init__(self, name):
        self.name = name
        self.about = {}
        self.samples = []

    def add(self, line):
        found = SAMPLE.fullmatch(line)
        assert found, line
        name, labels, value = found.groups()
        kind = self.about["TYPE"]
        assert name in [self.name + suffix for suffix in SUFFIXES[kind]], (name, self.name, kind)
        labels = labels_of(labels) if labels else {}
        assert all(one[:2] != (name, labels) for one in self.samples), f"twice: {line}"
        value = float(value)
        assert kind != "counter" or value >= 0, line
        assert kind != "stateset" or (value in (0, 1) and self.name in labels), line
        assert kind != "info" or value == 1, line
        self.samples.append((name, labels, value))


def parse(text):
    """Families by name."""
    assert text.endswith("\n# EOF\n") and text.count("# EOF") == 1, text[-40:]
    families, family = {}, None
    for line in text.split("\n")[:-2]:
        about = ABOUT.fullmatch(line)
        if not about:
            assert family, line
            family.add(line)
            continue
        what, name, rest = about.groups()
        if family is None or name != family.name:
            assert name not in families, f"in two places: {name}"
            family = families[name] = Family(name)
        assert what not in family.about and not family.samples, line
        assert what != "TYPE" or rest in SUFFIXES, line
        assert what != "UNIT" or name.endswith("_" + rest), line
        family.about[what] = rest
    names = [name for family in families.values() for name in {sample[0] for sample in family.samples}]
    assert len(names) == len(set(names)), "two families share a name"
    return families
