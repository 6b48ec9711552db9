"""Runs every benchmark and prints the tables of docs/benchmarks.md; ``--write`` puts them there."""

import argparse
import datetime
import json
import os
import platform
from pathlib import Path

from benchmarks import cold_start, predict, sizes
from benchmarks.photos import SIZES_PX, make_photos
from benchmarks.predict import FLOOR, OURS, OWN, SAME

ROOT = Path(__file__).resolve().parents[1]
_PAGE = ROOT / "docs" / "benchmarks.md"
_SPEED, _COLD, _SIZES = "measured", "cold", "sizes"


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--cold-rounds", type=int, default=5)
    parser.add_argument(
        "--cold-only", action="store_true", help="measure cold starts and sizes, and no warm predictions"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md")
    options = parser.parse_args()
    photos = make_photos(ROOT / ".avocet" / "bench" / "photos")
    reports = {}
    if not options.cold_only:
        warm = predict.measure(photos, options.rounds)
        reports[_SPEED] = "\n".join([*_heading(options.rounds, photos), *_speed(warm)])
    cold = cold_start.measure(photos["224 px"], options.cold_rounds)
    reports[_COLD] = "\n".join(_cold(cold, options.cold_rounds))
    reports[_SIZES] = "\n".join(_sizes())
    for part, report in reports.items():
        print(report)
        if options.write:
            begin, end = f"<!-- {part} -->", f"<!-- /{part} -->"
            before, _, rest = _PAGE.read_text().partition(begin)
            _, _, after = rest.partition(end)
            _PAGE.write_text(f"{before}{begin}\n{report}\n{end}{after}")


def _heading(rounds: int, photos: dict[str, Path]) -> list[str]:
    manifest = json.loads((ROOT / "models" / "starter" / "bundle.json").read_bytes())
    kilobytes = ", ".join(f"{name} {path.stat().st_size // 1024} KB" for name, path in photos.items())
    return [
        f"Measured on {datetime.datetime.now(tz=datetime.UTC).date()} by `make bench`: {platform.machine()}, "
        f"{os.cpu_count()} cores, Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f} at the end; "
        f"model `{manifest['model_version']}` ({manifest['backbone']}, {len(manifest['species'])} outputs); "
        f"median of {rounds} interleaved rounds; photos: {kilobytes}.",
        "",
    ]


def _speed(warm: predict.Measured) -> list[str]:
    lines = [
        "| one prediction, ms (processor time) | " + " | ".join(SIZES_PX) + " | peak memory |",
        "|---|---|---|---|---|",
    ]
    for peer in (OURS, FLOOR, SAME, OWN):
        cells = [f"{warm.wall_ms[peer, photo]:.1f} ({warm.cpu_ms[peer, photo]:.1f})" for photo in SIZES_PX]
        lines.append(f"| {peer} | {' | '.join(cells)} | {warm.peak_bytes[peer] / 1e6:.0f} MB |")
    for label, above, below in (
        ("our handler / floor (goal: 1.15 at most)", OURS, FLOOR),
        ("ancestor's way with our network / our handler (goal: 6, -, 3)", SAME, OURS),
        ("ancestor's way with its network / our handler", OWN, OURS),
    ):
        ratios = [
            f"{warm.wall_ms[above, photo] / warm.wall_ms[below, photo]:.2f}"
            f" ({warm.cpu_ms[above, photo] / warm.cpu_ms[below, photo]:.2f})"
            for photo in SIZES_PX
        ]
        lines.append(f"| {label} | {' | '.join(ratios)} | |")
    lines += ["", "| our handler, ms by its own clock | " + " | ".join(SIZES_PX) + " |", "|---|---|---|---|"]
    for part in ("decode", "infer", "store", "total"):
        lines.append(f"| {part} | {' | '.join(f'{warm.parts_ms[part, photo]:.1f}' for photo in SIZES_PX)} |")
    return lines


def _cold(cold: dict[str, cold_start.ColdStart], rounds: int) -> list[str]:
    lines = [
        f'Measured on {datetime.datetime.now(tz=datetime.UTC).date()} by `make bench BENCH="--cold-only"`: '
        f"{os.cpu_count()} cores, Python {platform.python_version()}, load average {os.getloadavg()[0]:.1f} at the end; "
        f"medians of {rounds} interleaved starts and of their ratios.",
        "",
        "| process start to first answer | seconds | of processor time | ratio to ours (goal: 12) | of processor time |",
        "|---|---|---|---|---|",
    ]
    return [
        *lines,
        *(
            f"| {name} | {found.wall_s:.2f} | {found.cpu_s:.2f} | {found.wall_ratio:.1f} | {found.cpu_ratio:.1f} |"
            for name, found in cold.items()
        ),
    ]


def _sizes() -> list[str]:
    layers = sizes.measure()
    if not layers:
        return ["No layers are built here: `make up` or `make layers` first."]
    lines = ["| layer | MB, unpacked | of it bytecode | zipped | budget, unpacked |", "|---|---|---|---|---|"]
    lines += [
        f"| {layer.name} | {layer.total_bytes / 1e6:.1f} | {layer.bytecode_bytes / 1e6:.1f} | "
        f"{layer.zipped_bytes / 1e6:.1f} | "
        f"{layer.budget_bytes / 1e6:.0f}{'' if layer.total_bytes <= layer.budget_bytes else ' **exceeded**'} |"
        for layer in layers
    ]
    total = sum(layer.total_bytes for layer in layers)
    return [*lines, f"| together | {total / 1e6:.1f} | | | {sizes.TOTAL_BUDGET_BYTES / 1e6:.0f} (Lambda's limit) |"]


if __name__ == "__main__":
    main()
