"""Prints servers side by side, and writes it as JSON. usage: peers_report.py RUNS.jsonl NOTES LEFT_OUT RESULTS.json

A cell is the median over the runs of the median latency in ms; in brackets how many times as long as ours it takes. "!":
some answers were wrong or incomplete; "e": some requests failed; "-": not supported; such cells are no peer to compare with.
The last column is the best right answer of the others over ours. Exits 1 when an answer of ours was wrong.
"""

import collections
import json
import statistics
import sys

from report import MOST_OTHERS, NAMES, number, print_table

OURS = "kalends"


def read(path):
    """The runs of each cell: {(events, workload, connections): {server: [measurement]}}."""
    cells = collections.defaultdict(lambda: collections.defaultdict(list))
    with open(path) as lines:
        for line in lines:
            run = json.loads(line)
            cells[run["n"], run["w"], run["c"]][run["server"]].append(run)
    return cells


def summarize(runs):
    quiet = [run for run in runs if run["others_share"] <= MOST_OTHERS]
    counted = [run for run in quiet or runs if run["requests"]]

    def median(field):
        return round(statistics.median(run[field] for run in counted), 3) if counted else None

    return {
        "p50_ms": median("p50_ms"),
        "p99_ms": median("p99_ms"),
        "requests_per_s": median("rps"),
        "cpu_s_per_1000": median("cpu_s_per_1000"),
        "memory_mib": round(max(run["pss_kb"] for run in runs) / 1024, 1),
        "runs": len(counted),
        "disturbed": not quiet,
        "wrong": sum(run["bad"] for run in runs),
        "failed": sum(run["errors"] for run in runs),
        "first_wrong": next((run["note"] for run in runs if run.get("note")), None),
    }


def is_right(cell):
    return cell["p50_ms"] is not None and not cell["wrong"] and not cell["failed"]


def text(cell, ours):
    if cell is None or cell["p50_ms"] is None:
        return "-"
    marks = ("!" if cell["wrong"] else "") + ("e" if cell["failed"] else "") + ("~" if cell["disturbed"] else "")
    ratio = f" ({cell['p50_ms'] / ours['p50_ms']:.1f}×)" if ours and ours is not cell and ours["p50_ms"] else ""
    return number(cell["p50_ms"]) + marks + ratio


def lines_of(path):
    with open(path) as lines:
        return [line.rstrip("\n") for line in lines]


def main():
    runs, notes, left_out, results = sys.argv[1:]
    cells = read(runs)
    order = list(NAMES)
    keys = sorted(cells, key=lambda key: (key[0], order.index(key[1]), key[2]))
    servers = list(dict.fromkeys([OURS, *(server for key in keys for server in cells[key])]))
    rows = []
    for key in keys:
        row = {server: summarize(cells[key][server]) for server in servers if server in cells[key]}
        others = [cell["p50_ms"] for server, cell in row.items() if server != OURS and is_right(cell)]
        ours = row.get(OURS)
        factor = round(min(others) / ours["p50_ms"], 2) if others and ours and ours["p50_ms"] else None
        rows.append(
            {
                "events": key[0],
                "workload": key[1],
                "name": NAMES[key[1]],
                "connections": key[2],
                "servers": row,
                "best_other_over_ours": factor,
            }
        )
    for events in sorted({row["events"] for row in rows}):
        print(f"{events:,} events in one calendar: median latency, ms (times ours)\n")
        print_table(
            ["workload", "conn", *servers, "best other / ours"],
            [
                [row["name"], str(row["connections"])]
                + [text(row["servers"].get(server), row["servers"].get(OURS)) for server in servers]
                + ["-" if row["best_other_over_ours"] is None else f"{row['best_other_over_ours']:.1f}"]
                for row in rows
                if row["events"] == events
            ],
        )
    for line in lines_of(notes):
        print(line)
    for line in lines_of(left_out):
        print(f"left out: {line}")
    with open(results, "w") as file:
        json.dump({"rows": rows, "notes": lines_of(notes), "left_out": lines_of(left_out)}, file, indent=1)
    ours = [row["servers"][OURS] for row in rows if OURS in row["servers"]]
    return 0 if ours and all(is_right(cell) for cell in ours) else 1


if __name__ == "__main__":
    sys.exit(main())
