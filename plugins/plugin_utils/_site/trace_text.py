# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A trace in words, one line for each cable, in Japanese or English."""

from __future__ import annotations

import typing as t

from .trace import BY_AIR, BY_LINE, Leg, Stop, Trace

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "From the line to {label} ({site}):",
        "line": "line {name} ({type}) comes in at {end}",
        "cable": "{start} -- cable {name}{about} -- {end}",
        "air": "{start} ~~ Wi-Fi {name} ~~ {end}",
        "port": "{device}, port {port}",
        "room": "{stop} [{room}]",
    },
    "ja": {
        "title": "回線から{label}まで（{site}）：",
        "line": "回線 {name}（{type}）→ {end}",
        "cable": "{start} ── ケーブル {name}{about} ── {end}",
        "air": "{start} ～ 無線 {name} ～ {end}",
        "port": "{device} のポート {port}",
        "room": "{stop}【{room}】",
    },
}
COLORS_JA = {
    "black": "黒",
    "white": "白",
    "grey": "灰",
    "red": "赤",
    "orange": "橙",
    "yellow": "黄",
    "green": "緑",
    "light-blue": "水色",
    "blue": "青",
    "purple": "紫",
    "pink": "桃",
    "brown": "茶",
    "beige": "ベージュ",
    "clear": "透明",
}


def in_words(found: Trace, language: str) -> str:
    """The trace as text, a numbered line for each leg."""
    words = WORDS[language]
    lines = [words["title"].format(label=found.label.in_language(language), site=found.site)]
    for number, leg in enumerate(found.legs, 1):
        start = _stop(leg.start, language) if leg.start else ""
        kind = {BY_LINE: "line", BY_AIR: "air"}.get(leg.via, "cable")
        values = {"name": leg.name, "type": leg.type, "about": _about(leg, language)}
        lines.append(f"{number}. " + words[kind].format(start=start, end=_stop(leg.end, language), **values).rstrip())
    return "\n".join(lines)


def _stop(stop: Stop, language: str) -> str:
    words, device = WORDS[language], stop.label.in_language(language)
    said = words["port"].format(device=device, port=stop.port) if stop.port else device
    return words["room"].format(stop=said, room=stop.location.in_language(language)) if stop.location else said


def _about(leg: Leg, language: str) -> str:
    color = COLORS_JA.get(leg.color, leg.color) if language == "ja" else leg.color
    length = f"{leg.length_m:g} m" if leg.length_m is not None else ""
    facts: t.Iterable[str] = filter(None, (color, leg.type, length, leg.note.in_language(language) if leg.note else ""))
    said = ", ".join(facts)
    if not said:
        return ""
    return f"（{said}）" if language == "ja" else f" ({said})"


__all__ = ["in_words"]
