# SPDX-FileCopyrightText: homevirt.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How good the clock of disk_benchmark is, over ssh to this machine: coverage, width, and agreement with bare fio.

Usage, as root: tools/bench bench_clock [--runs 40] [--long 5] [--pairs 20] [--directory /var/tmp] [--steady]
The target's clock is set wrong with libfaketime, so the true rate is known. Needs fio, faketime and openssh-server.
"""

from __future__ import annotations

import argparse
import contextlib
import glob
import math
import os
import pathlib
import shlex
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

from ansible_collections.homevirt.fleet.plugins.module_utils._bench import fio
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.place import Place
from ansible_collections.homevirt.fleet.plugins.module_utils._bench.profile import Job
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench import code, probe, student
from ansible_collections.homevirt.fleet.plugins.plugin_utils._bench.channel import Channel

FAKETIME = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
RATES = (0.5, 0.97, 1.0, 1.5)
SIZE = 512 << 20
# Bytes a second of a disk on which bare fio says nearly the same every time.
STEADY = 40_000_000
FIO = shutil.which("fio")


@contextlib.contextmanager
def loopback(place):
    """An ssh server of our own on this machine; yields the command that reaches it."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    (place / "known").write_text(f"[127.0.0.1]:{port} {(place / 'host.pub').read_text()}")
    os.makedirs("/run/sshd", exist_ok=True)
    settings = {"AuthorizedKeysFile": place / "user.pub", "StrictModes": "no", "UsePAM": "no", "PidFile": "none"}
    options = [f"-o{name}={value}" for name, value in settings.items()]
    server = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-f", "/dev/null", "-h", place / "host", "-p", str(port), "-oListenAddress=127.0.0.1"]
        + options
    )
    try:
        deadline = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if time.monotonic() > deadline:
                raise TimeoutError("sshd does not answer")
            time.sleep(0.02)
        yield [
            "ssh",
            "-T",
            "-F",
            "none",
            "-p",
            str(port),
            "-i",
            place / "user",
            f"-oUserKnownHostsFile={place}/known",
        ] + [
            "-oBatchMode=yes",
            "127.0.0.1",
        ]
    finally:
        server.terminate()
        server.wait()


def conversation(ssh, rate):
    payload = code.payload()
    argv = code.command("/usr/bin/python3", len(payload), "live")
    if rate != 1:
        argv = ["env", f"LD_PRELOAD={FAKETIME[0]}", f"FAKETIME=+0 x{rate}", *argv]
    return Channel("loopback", [*ssh, shlex.join(argv)], payload)


def job(work, pattern="random", depth=1, block=4096):
    return Job("bench", "read", pattern, block, depth, 1, work)


def prepare(channel, directory):
    place = Place(directory, "", SIZE, 1 << 30)
    channel.ask("open", 600, arm="a", place=place._asdict())
    return channel.ask("tick")["seconds"]


def run(channel, tick, wanted):
    return probe.timed(
        channel, tick, 1e-3, 600, "job", arm="a", program=FIO, engine="libaio", direct=True, job=wanted._asdict()
    )


def coverage(ssh, options):
    """The true rate, and the engine's own seconds at that rate, against the intervals."""
    print("\n| rate | runs | rate covered | time covered | half-width of the rate, ppm: median | largest | invalid |")
    print("|---|---|---|---|---|---|---|")
    for rate in RATES:
        with conversation(ssh, rate) as channel:
            tick = prepare(channel, options.directory)
            timed = [run(channel, tick, job(16 << 20)) for _number in range(options.runs)]
        good = [one for one in timed if one.seconds]
        widths = [one.clock.rate.half_width * 1e6 for one in good]
        # The engine rounds up to a millisecond of its own clock.
        true = [(one.seconds, one.answer["outcome"]["seconds"] / rate, 0.001 / rate) for one in good]
        rates = sum(one.clock.rate.holds(rate) for one in good)
        times = sum(found.low <= told and found.high >= told - rounding for found, told, rounding in true)
        print(
            f"| {rate} | {len(timed)} | {rates} | {times} | {statistics.median(widths):.0f} | {max(widths):.0f} "
            f"| {len(timed) - len(good)} |",
            flush=True,
        )


def width(ssh, options):
    print("\n| rate | seconds | half-width of the rate, ppm | of the time, ppm |")
    print("|---|---|---|---|")
    for rate in (1.0, 0.5):
        with conversation(ssh, rate) as channel:
            tick = prepare(channel, options.directory)
            pilot = run(channel, tick, job(16 << 20))
            work = min(SIZE, math.ceil(12 / pilot.seconds.low) * (16 << 20))
            for _number in range(options.long):
                one = run(channel, tick, job(work))
                print(
                    f"| {rate} | {one.seconds.middle:.1f} | {one.clock.rate.half_width * 1e6:.0f} "
                    f"| {one.seconds.half_width * 1e6:.0f} |",
                    flush=True,
                )


@contextlib.contextmanager
def steady(place):
    """A disk that QEMU holds to a constant speed, so that two runs of bare fio are alike; yields a directory on it."""
    image, served, mounted = place / "disk.raw", place / "fuse", place / "mounted"
    for directory in (served, mounted):
        directory.mkdir()
    subprocess.run(["truncate", "-s", "2G", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True)
    limit = ["--object", f"throttle-group,id=t,x-bps-total={STEADY},x-bps-total-max={STEADY}"]
    behind = f"driver=throttle,throttle-group=t,file.driver=raw,file.file.driver=file,file.file.filename={image}"
    server = subprocess.Popen(
        ["nbdfuse", served / "disk", "--socket-activation", "qemu-nbd", *limit, "--image-opts", behind]
    )
    with contextlib.ExitStack() as stack:
        stack.callback(server.wait)
        while not os.path.ismount(served):
            time.sleep(0.02)
        stack.callback(subprocess.run, ["umount", served], check=True)
        found = ["losetup", "--find", "--show", "--direct-io=on", served / "disk"]
        loop = subprocess.run(found, check=True, capture_output=True, text=True).stdout.strip()
        stack.callback(subprocess.run, ["losetup", "--detach", loop], check=True)
        subprocess.run(["mount", loop, mounted], check=True)
        stack.callback(subprocess.run, ["umount", mounted], check=True)
        yield str(mounted)


def bare(wanted, place, directory):
    """fio by itself on the very same file, which has no name but through the probe's descriptor."""
    files = [path for path in glob.glob("/proc/[0-9]*/fd/*") if f"{directory}/.homevirt.fleet-benchmark" in _link(path)]
    output = place / "bare.json"
    # As long as the other variant idles before its run: a busy machine favours who has just rested.
    time.sleep(probe.SETTLE)
    argv = fio.argv(FIO, wanted, "libaio", files[0], SIZE, str(output), direct=True)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return fio.parse(output.read_text(), wanted, done.returncode, done.stderr).seconds


def _link(path):
    try:
        return os.readlink(path)
    except (FileNotFoundError, PermissionError):
        # Processes come and go, and some are of other namespaces.
        return ""


def agreement(ssh, directory, pairs, place):
    wanted = job(SIZE, "sequential", 8, 1 << 20)
    ratios = []
    with conversation(ssh, 1) as channel:
        tick = prepare(channel, directory)
        run(channel, tick, wanted)
        bare(wanted, place, directory)
        for number in range(pairs):
            if number % 2:
                ours, other = run(channel, tick, wanted).seconds.middle, bare(wanted, place, directory)
            else:
                other, ours = bare(wanted, place, directory), run(channel, tick, wanted).seconds.middle
            ratios.append(math.log(other / ours))
    mean, spread = statistics.fmean(ratios), statistics.stdev(ratios) / math.sqrt(len(ratios))
    reach = student.quantile(0.975, len(ratios) - 1) * spread
    print(
        f"\nThroughput beside bare fio, {len(ratios)} pairs: mean ratio {math.exp(mean):.4f} "
        f"[{math.exp(mean - reach):.4f}, {math.exp(mean + reach):.4f}], "
        f"median {math.exp(statistics.median(ratios)):.4f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--long", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--directory", default="/var/tmp")
    parser.add_argument("--steady", action="store_true", help="compare with bare fio on a disk of constant speed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-clock-") as name:
        place = pathlib.Path(name)
        with loopback(place) as ssh:
            print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
            if options.runs:
                coverage(ssh, options)
            if options.long:
                width(ssh, options)
            with steady(place) if options.steady else contextlib.nullcontext(options.directory) as directory:
                agreement(ssh, directory, options.pairs, place)


if __name__ == "__main__":
    main()
