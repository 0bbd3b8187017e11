#!/usr/bin/env python3
"""Writes Decompositions.swift: what characters become when accents are taken from them.

Source: the Unicode Character Database, in the version of this Python's `unicodedata` (NFD, and the
general category Mn). Hangul syllables are left out: they are computed.

    python3 Scripts/inference/decompositions.py > Sources/Inference/Tokenizers/Decompositions.swift
"""

import unicodedata

units = []
for value in range(0x110000):
    if 0xAC00 <= value <= 0xD7A3:
        continue
    character = chr(value)
    decomposed = unicodedata.normalize("NFD", character)
    if decomposed == character or unicodedata.category(character) == "Mn":
        continue
    bases = [ord(c) for c in decomposed if unicodedata.category(c) != "Mn"]
    assert len(bases) < 8
    units += [len(bases) << 21 | value] + bases

print(f"""// Made by Scripts/inference/decompositions.py from Unicode {unicodedata.unidata_version}; do not edit.

/// The canonical decompositions of characters without their nonspacing marks.
enum Decompositions {{
  /// For each: the character, with the count of what follows above bit 21; then what it becomes.
  static let units: [UInt32] = [""")
line = "   "
for unit in units:
    text = f" {unit:#x},"
    if len(line) + len(text) > 100:
        print(line)
        line = "   "
    line += text
print(line)
print("  ]\n}")
