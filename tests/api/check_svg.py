#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""check_svg.py PROGRAM: what PROGRAM --svg prints is a picture that any XML reader takes, with every name in it."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

SVG = "{http://www.w3.org/2000/svg}"
KNOWN = {"svg", "title", "desc", "style", "defs", "pattern", "rect", "text", "path", "g"}
NAMES = ["<b>\"&' ]]>", "\u4e8c", "a name of thirty one characters"]


def main(program):
    text = subprocess.run([program, "--svg"], check=True, capture_output=True).stdout.decode("utf-8")
    root = ElementTree.fromstring(text)
    faults = []
    width, height = (float(root.get(key)) for key in ("width", "height"))
    for element in root.iter():
        if element.tag.removeprefix(SVG) not in KNOWN:
            faults.append(f"{element.tag} is not of a picture without script")
        for key, value in element.attrib.items():
            if key.startswith("on") or "href" in key:
                faults.append(f"{element.tag} has {key}={value}")
        if element.tag == SVG + "rect" and element.get("x"):
            right = float(element.get("x")) + float(element.get("width"))
            bottom = float(element.get("y")) + float(element.get("height"))
            if right > width or bottom > height:
                faults.append(f"a box reaches out of the picture: {element.attrib}")
    words = " ".join(root.itertext())
    faults += [f"{name!r} is not shown" for name in NAMES if name not in words]
    if root.find(SVG + "title") is None or root.find(SVG + "desc") is None:
        faults.append("the picture has no title or no description")
    if sum(1 for group in root.iter(SVG + "g") if group.find(SVG + "title") is None) != 0:
        faults.append("a box has no title")
    print("\n".join(faults) or "good")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
