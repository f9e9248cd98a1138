# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the verdicts are wrong: arms that are the same, and arms whose true ratio is known.

Simulated experiments go the whole way from the order of the runs to the verdict. Real ones (both arms the same disk)
are read from files of runs. Ends with 1 where a goal is missed.

Usage: tools/bench bench_statistics [--trials N] [--seed N] [--real FILE…]
"""

from __future__ import annotations

import argparse
import collections
import math
import pathlib
import random
import sys

from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import arms, comparison, design, results
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.interval import Interval
from ansible_collections.homevirt.fleet.tests.unit.support import runs

MARGIN = 0.02
SPREAD = 0.03
SIZES = (5, 8, 12, 20)
# The goals.
FALSE_FASTER = 0.05
COVERED = 0.95
# A share of N trials scatters by chance itself; a goal is missed where it lies this many standard errors off.
ERRORS = 3


def plain(dice, _place):
    """What one run scatters by, on the log scale."""
    return dice.gauss(0, SPREAD)


def heavy(dice, place):
    """Every twentieth run is disturbed, and slower by up to a half."""
    return plain(dice, place) + (dice.uniform(0, 0.5) if dice.random() < 0.05 else 0)


def drifting(dice, place):
    """The machine becomes steadily slower: 1 % from run to run."""
    return plain(dice, place) + 0.01 * place


NOISES = (plain, heavy, drifting)


def experiment(dice, noise, pairs, ratio, clock):
    """Run an ABBA experiment whose candidate is truly so many times as fast; clock: half-width of the true time."""
    records = []
    # Each arm's clock is wrong by as much in every run: the worst that its interval allows.
    wrong = {arm: dice.choice((-1, 1)) * clock for arm in ("baseline", "candidate")}
    for place, slot in enumerate(design.abba(["baseline", "candidate"], pairs)):
        seconds = 10 * math.exp(noise(dice, place)) / (ratio if slot.arm == "candidate" else 1)
        middle = seconds * math.exp(wrong[slot.arm])
        true = Interval(middle * math.exp(-clock), middle * math.exp(clock))
        records.append(
            runs.run(slot.arm, slot.pair, slot=slot.name, position=place, reported_seconds=seconds, true_seconds=true)
        )
    (found,) = arms.compare(records, "baseline", ["candidate"], MARGIN)
    return found.true


def trial(noise, pairs, ratio, clock, count, seed):
    """Share of "faster", of "slower", and of intervals that hold the true ratio."""
    dice = random.Random(f"{seed} {noise.__name__} {pairs} {ratio} {clock}")
    verdicts, held = collections.Counter(), 0
    for _number in range(count):
        found = experiment(dice, noise, pairs, ratio, clock)
        verdicts[found.verdict] += 1
        held += found.low <= ratio <= found.high
    return verdicts[comparison.FASTER] / count, verdicts[comparison.SLOWER] / count, held / count


def off(goal, count):
    """How far a share may lie beside the goal by chance."""
    return ERRORS * math.sqrt(goal * (1 - goal) / count)


def simulated(count, seed):
    """Print the table of all simulated trials; return what misses a goal."""
    missed = []
    print(f"Simulated, {count} experiments a line, a run scatters by {SPREAD:.0%}, margin {MARGIN:.0%}:\n")
    print("| noise | true ratio | clock ± | pairs | faster | slower | interval holds the truth |")
    print("|---|---|---|---|---|---|---|")
    for noise in NOISES:
        for ratio, clock in ((1.0, 0.0), (1.0, 0.01), (1.1, 0.0)):
            for pairs in SIZES:
                faster, slower, held = trial(noise, pairs, ratio, clock, count, seed)
                line = f"{noise.__name__} | {ratio} | {clock:.1%} | {pairs} | {faster:.1%} | {slower:.1%} | {held:.1%}"
                print(f"| {line} |", flush=True)
                if ratio == 1.0 and faster > FALSE_FASTER + off(FALSE_FASTER, count):
                    missed.append(f"false faster: {line}")
                if held < COVERED - off(COVERED, count):
                    missed.append(f"coverage: {line}")
    return missed


def real(files):
    """Print the verdicts of recorded experiments whose two arms are the same; return what misses the goal."""
    verdicts = collections.Counter()
    records = results.read(files).records
    for run_id in sorted({run.run_id for run in records}):
        chosen = results.chosen(records, [run_id])
        first = min(chosen, key=lambda run: run.position).arm
        for found in arms.compare(chosen, first, [], MARGIN):
            verdicts[found.true.verdict] += 1
            print(f"{run_id} {found.job}: {found.true.verdict}, {found.true.ratio:.4f}, {found.true.runs} pairs")
    count = sum(verdicts.values())
    print(f"\nReal, {count} experiments: {', '.join(f'{number} {name}' for name, number in sorted(verdicts.items()))}")
    share = verdicts[comparison.FASTER] / count
    return [f"false faster in real trials: {share:.1%}"] if share > FALSE_FASTER + off(FALSE_FASTER, count) else []


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000, help="simulated experiments for each line (default 1000)")
    parser.add_argument("--seed", type=int, default=20261101)
    parser.add_argument("--real", nargs="+", type=pathlib.Path, default=[], metavar="FILE")
    options = parser.parse_args()
    missed = simulated(options.trials, options.seed) if options.trials else []
    if options.real:
        missed += real([str(path) for path in options.real])
    print("\n" + "\n".join([f"missed: {line}" for line in missed] or ["All goals are met."]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
