"""Prints the table of one benchmark, and writes it as JSON. usage: report.py RUNS.jsonl RESULTS.json

A cell is the median over the runs; memory is what the gateway held after a workload (PSS), peak its highest. Runs in
which other processes took more than MOST_OTHERS of the machine are left out where quieter ones exist; a cell made of
disturbed runs only is marked "~". Exits 1 when an answer was wrong.
"""

import collections
import json
import math
import os
import platform
import statistics
import sys

# What the workloads of cdload.c are, in the order of the table.
NAMES = {
    "LOAD": "load every event by PUT",
    "W2": "GET",
    "W1": "PUT new",
    "W3": "PUT changed",
    "W11": "DELETE",
    "W4": "PROPFIND of all etags",
    "W5a": "month query",
    "W5b": "month query with data",
    "W5c": "empty month query",
    "W6": "month query with expand",
    "W7": "multiget of 50",
    "W8": "sync from nothing",
    "W9": "sync after one change",
    "W10": "idle poll",
    "W12": "free-busy of a month",
    "W13": "office morning",
    "W14": "office morning over many calendars",
    "W15": "PUT new beside 1,000 idle polls a second",
}

# Median latencies (ms) that we want at 10,000 events, by workload and connections.
TARGETS = {
    ("W2", 1): 0.25,
    ("W1", 1): 2,
    ("W1", 8): 2.5,
    ("W1", 32): 6,
    ("W4", 1): 25,
    ("W5a", 1): 5,
    ("W5b", 1): 8,
    ("W5c", 1): 0.5,
    ("W6", 1): 15,
    ("W7", 1): 1,
    ("W8", 1): 25,
    ("W9", 1): 0.4,
    ("W10", 1): 0.25,
    ("W10", 8): 0.6,
    ("W12", 1): 8,
    ("W13", 8): 1,
}
TARGET_SIZE = 10_000
# Stands in the place of the number of events for what was measured over many calendars.
MANY = 0
# The share of the machine's processor time above which a run counts as disturbed by others.
MOST_OTHERS = 0.35


def read(path):
    """The runs of each cell: {(events, workload, connections): [measurement]}; 0 events are the many calendars."""
    cells = collections.defaultdict(list)
    with open(path) as lines:
        for line in lines:
            run = json.loads(line)
            events = MANY if run["server"] == "many" else run["n"]
            cells[events, run["w"], run["c"]].append(run)
    return cells


def mebibytes(runs, field):
    return round(max(run[field] for run in runs) / 1024, 1)


def summarize(key, runs):
    events, workload, connections = key
    quiet = [run for run in runs if run["others_share"] <= MOST_OTHERS]
    counted = [run for run in quiet or runs if run["requests"]]

    def median(field):
        return round(statistics.median(run[field] for run in counted), 3) if counted else None

    return {
        "events": events,
        "workload": workload,
        "name": NAMES[workload],
        "connections": connections,
        "runs": len(counted),
        "disturbed": not quiet,
        "p50_ms": median("p50_ms"),
        "p99_ms": median("p99_ms"),
        "requests_per_s": median("rps"),
        "cpu_s_per_1000": median("cpu_s_per_1000"),
        "bytes_per_answer": median("bytes_per_resp"),
        "memory_mib": mebibytes(runs, "pss_kb"),
        "peak_mib": mebibytes(runs, "hwm_kb"),
        "requests": sum(run["requests"] for run in runs),
        "wrong": sum(run["bad"] for run in runs),
        "failed": sum(run["errors"] for run in runs),
        "first_wrong": next((run["note"] for run in runs if run.get("note")), None),
        "target_ms": TARGETS.get((workload, connections)) if events == TARGET_SIZE else None,
    }


def number(value):
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rightness(row):
    if row["wrong"] or row["failed"]:
        return f"{row['wrong']} wrong, {row['failed']} failed"
    return "right" if row["requests"] else "none"


def target(row):
    if row["target_ms"] is None:
        return ""
    if row["p50_ms"] is None or row["p50_ms"] > row["target_ms"]:
        return f"{row['target_ms']:g} missed"
    return f"{row['target_ms']:g} met"


def print_table(head, rows):
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [[text.ljust(width) for text, width in zip(row, widths)] for row in [head, *rows]]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        print("| " + " | ".join(line) + " |")
    print()


def print_size(events, rows):
    head = ["workload", "conn", "p50 ms", "p99 ms", "requests/s", "CPU s/1000", "memory MiB", "answers", "target p50"]
    body = [
        [
            row["name"],
            str(row["connections"]),
            number(row["p50_ms"]) + ("~" if row["disturbed"] else ""),
            number(row["p99_ms"]),
            number(row["requests_per_s"]),
            number(row["cpu_s_per_1000"]),
            number(row["memory_mib"]),
            rightness(row),
            target(row),
        ]
        for row in rows
    ]
    peak = max(row["peak_mib"] for row in rows)
    place = "many calendars" if events == MANY else f"{events:,} events in one calendar"
    print(f"{place}, peak memory {number(peak)} MiB\n")
    print_table(head, body)


def exponents(rows):
    """How each median grows from the smallest to the largest size: 0 is flat, 1 is linear."""
    medians = collections.defaultdict(list)
    for row in rows:
        if row["p50_ms"] and row["workload"] != "LOAD" and row["events"] != MANY:
            medians[row["workload"], row["connections"]].append((row["events"], row["p50_ms"]))
    return {
        key: math.log(points[-1][1] / points[0][1]) / math.log(points[-1][0] / points[0][0])
        for key, points in medians.items()
        if len(points) > 1
    }


def main():
    cells = read(sys.argv[1])
    order = list(NAMES)
    rows = [
        summarize(key, cells[key]) for key in sorted(cells, key=lambda key: (key[0], order.index(key[1]), key[2]))
    ]
    sizes = sorted({row["events"] for row in rows})
    for events in sizes:
        print_size(events, [row for row in rows if row["events"] == events])
    growth = exponents(rows)
    single = [events for events in sizes if events != MANY]
    if growth:
        print(f"Growth of p50 from {single[0]:,} to {single[-1]:,} events (0 flat, 1 linear)\n")
        print_table(
            ["workload", "conn", "exponent"],
            [[NAMES[name], str(count), f"{value:.2f}"] for (name, count), value in growth.items()],
        )
    for row in rows:
        if row["first_wrong"]:
            print(f"{row['events']:,} {row['name']} ({row['connections']}): {row['first_wrong']}")
    results = {
        "machine": {"processors": os.cpu_count(), "architecture": platform.machine(), "kernel": platform.release()},
        "rows": rows,
        "growth": [
            {"workload": name, "connections": count, "exponent": round(value, 2)}
            for (name, count), value in growth.items()
        ],
    }
    with open(sys.argv[2], "w") as file:
        json.dump(results, file, indent=1)
    return 1 if any(row["wrong"] or row["failed"] or not row["requests"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
