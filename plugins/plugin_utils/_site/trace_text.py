# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""A trace in words, one line for each cable, in Japanese or English: the words of the sheet's other pages."""

from __future__ import annotations

from .phrases import Phrases
from .trace import BY_AIR, BY_LINE, Leg, Stop, Trace


def in_words(found: Trace, language: str) -> str:
    """The trace as text, a numbered line for each leg."""
    phrases = Phrases(language)
    lines = [phrases.say("trace.title", label=phrases.text(found.label), site=found.site)]
    for number, leg in enumerate(found.legs, 1):
        lines.append(f"{number}. {_leg(leg, phrases)}".rstrip())
    return "\n".join(lines)


def _leg(leg: Leg, phrases: Phrases) -> str:
    end = _stop(leg.end, phrases)
    if leg.start is None or leg.via == BY_LINE:
        return phrases.say("trace.line", name=leg.name, type=phrases.say(f"circuit.{leg.type}"), end=end)
    start = _stop(leg.start, phrases)
    if leg.via == BY_AIR:
        return phrases.say("trace.air", name=phrases.listed(leg.ssids or (leg.name,)), start=start, end=end)
    facts = (phrases.appearance(leg.color, leg.length_m, leg.type), phrases.text(leg.note))
    about = phrases.listed(filter(None, facts))
    name = phrases.say("trace.about", name=leg.name, about=about) if about else leg.name
    return phrases.say("trace.cable", name=name, start=start, end=end)


def _stop(stop: Stop, phrases: Phrases) -> str:
    place = phrases.text(stop.label)
    if stop.room is not None:
        place = phrases.say("place", label=place, room=phrases.text(stop.room))
    if not stop.port:
        return place
    port = phrases.text(stop.printed) if stop.printed is not None else stop.port
    return phrases.say("trace.port", place=place, port=port)


__all__ = ["in_words"]
