# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to homevirt.fleet: not a public interface.
"""Rules across sites: their names, and the VPNs between them."""

from __future__ import annotations

import collections
import typing as t

from .model import Prefix
from .rules_book import Rules, Trouble, World

RULES = Rules()
Troubles = t.Iterator[Trouble]
Worlds = t.Sequence[World]


@RULES.rule("slug-twice", "error", "No two sites have the same slug.", "rename one of them")
def slug_twice(worlds: Worlds) -> Troubles:
    first: dict[str, World] = {}
    for world in worlds:
        other = first.setdefault(world.site.slug, world)
        if other is not world:
            yield Trouble(world.site, f"{other.site.origin.file} has the same slug", "slug")


@RULES.rule(
    "peer-unknown",
    "warning",
    "The other end of a VPN is among the sites.",
    "give all site files at once, or mend the slug in peers",
)
def peer_unknown(worlds: Worlds) -> Troubles:
    # A single file says nothing about what other files there are.
    if len(worlds) < 2:
        return
    known = {world.site.slug for world in worlds}
    for world in worlds:
        for tunnel in world.site.tunnels:
            for peer in dict.fromkeys(tunnel.peers):
                if peer not in known:
                    yield Trouble(tunnel, f"there is no site {peer}", "peers", f"{world.site.called}, {tunnel.called}")


@RULES.rule(
    "peer-silent", "notice", "Both ends of a VPN name each other.", "add a tunnel with this peer to the other site"
)
def peer_silent(worlds: Worlds) -> Troubles:
    joined = {world.site.slug: {peer for tunnel in world.site.tunnels for peer in tunnel.peers} for world in worlds}
    for world in worlds:
        for tunnel in world.site.tunnels:
            for peer in dict.fromkeys(tunnel.peers):
                if peer in joined and world.site.slug not in joined[peer]:
                    message = f"the site {peer} names no tunnel to here"
                    yield Trouble(tunnel, message, "peers", f"{world.site.called}, {tunnel.called}")


@RULES.rule(
    "joined-sites-overlap",
    "error",
    "Sites that a VPN joins, directly or through others, share no address.",
    "renumber one of the sites, for the VPN cannot tell them apart",
)
def joined_sites_overlap(worlds: Worlds) -> Troubles:
    by_slug: dict[str, World] = {}
    for world in worlds:
        by_slug.setdefault(world.site.slug, world)
    for group in _joined(by_slug):
        seen: list[tuple[World, Prefix]] = []
        networks = [(prefix, world) for world in group for prefix in world.site.prefixes]
        for prefix, own in sorted(networks, key=_by_start):
            # In the order of their starts, what ends before this one overlaps none that follows.
            seen = [(other, earlier) for other, earlier in seen if earlier.prefix.overlaps(prefix.prefix)]
            clash = next(((other, earlier) for other, earlier in seen if other is not own), None)
            if clash is not None:
                message = f"it overlaps {clash[1].prefix} of the joined site {clash[0].site.slug}"
                yield Trouble(prefix, message, "prefix", f"{own.site.called}, {prefix.called}")
            seen.append((own, prefix))


def _by_start(item: tuple[Prefix, World]) -> tuple[t.Any, ...]:
    prefix, world = item
    network = prefix.prefix
    return (network.version, int(network.network_address), network.prefixlen, world.site.slug)


def _joined(by_slug: t.Mapping[str, World]) -> t.Iterator[list[World]]:
    """The groups of sites that VPNs join."""
    neighbours: dict[str, set[str]] = collections.defaultdict(set)
    for slug, world in by_slug.items():
        for tunnel in world.site.tunnels:
            for peer in tunnel.peers:
                if peer in by_slug:
                    neighbours[slug].add(peer)
                    neighbours[peer].add(slug)
    seen: set[str] = set()
    for slug in by_slug:
        if slug in seen or slug not in neighbours:
            continue
        group, queue = [], [slug]
        seen.add(slug)
        while queue:
            name = queue.pop()
            group.append(by_slug[name])
            queue += sorted(neighbours[name] - seen)
            seen |= neighbours[name]
        yield group


__all__ = ["RULES"]
