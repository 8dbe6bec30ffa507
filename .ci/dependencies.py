#!/usr/bin/env python3
"""Checks every dependency in Cargo.lock against deny.toml: its licence, where it comes from, and that it is not banned.

    python3 .ci/dependencies.py        exit 0: all in order; 1: each breach on a line of its own

Needs no network once `cargo fetch --locked` has run, and nothing but Python 3.11. It reads of deny.toml what matters
here (licenses.allow, bans.deny with wrappers, sources.allow-registry); cargo-deny reads the same file and knows more.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main():
    rules = tomllib.loads((ROOT / "deny.toml").read_text())
    command = ["cargo", "metadata", "--locked", "--offline", "--all-features", "--format-version", "1"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)

    packages = metadata["packages"]
    breaches = licence_breaches(packages, set(rules["licenses"]["allow"]))
    breaches += source_breaches(packages, rules["sources"]["allow-registry"])
    breaches += ban_breaches(packages, metadata["resolve"]["nodes"], rules["bans"]["deny"])

    for breach in breaches:
        print(breach, file=sys.stderr)
    print(f"dependencies: {len(packages)} packages checked against deny.toml, {len(breaches)} breaches")
    return 1 if breaches else 0


def licence_breaches(packages, allowed):
    return [
        f"{label(package)}: the licence {package['license']!r} is not allowed"
        for package in packages
        if not is_allowed(package["license"] or "", allowed)
    ]


def source_breaches(packages, registries):
    known = {f"registry+{registry}" for registry in registries} | {None}  # None: the workspace itself
    return [f"{label(package)}: comes from {package['source']}" for package in packages if package["source"] not in known]


def ban_breaches(packages, nodes, bans):
    """A banned crate may only stand below its wrappers, the crates for whose sake it is borne."""
    by_id = {package["id"]: package for package in packages}
    bans_by_name = {ban["crate"]: ban for ban in bans}
    breaches = []
    for node in nodes:
        dependent = by_id[node["id"]]
        for dependency in node["dependencies"]:
            ban = bans_by_name.get(by_id[dependency]["name"])
            if ban and dependent["name"] not in ban.get("wrappers", []):
                breaches.append(f"{label(by_id[dependency])}: banned, used by {label(dependent)}; {ban['reason']}")
    return breaches


def is_allowed(expression, allowed):
    """Whether an SPDX licence expression can be met with the allowed licences; cargo's old "A/B" is "A OR B"."""
    words = re.findall(r"[()]|[^\s()]+", expression.replace("/", " OR "))

    def either():
        result = both()
        while words and words[0] == "OR":
            words.pop(0)
            result = both() or result
        return result

    def both():
        result = one()
        while words and words[0] == "AND":
            words.pop(0)
            result = one() and result
        return result

    def one():
        if not words:
            return False
        word = words.pop(0)
        if word == "(":
            result = either()
            return bool(words) and words.pop(0) == ")" and result
        if words and words[0] == "WITH":
            words.pop(0)
            word = f"{word} WITH {words.pop(0) if words else ''}"
        return word in allowed

    return either() and not words


def label(package):
    return f"{package['name']} {package['version']}"


if __name__ == "__main__":
    sys.exit(main())
