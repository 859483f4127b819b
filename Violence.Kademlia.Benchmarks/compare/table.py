"""One Markdown table of what was measured: table.py FOLDER PROGRAM...; behind each other's figure is its ratio to that of the first program."""
import json
import pathlib
import sys

# What is shown, of which metric and field, and whether failures belong behind it.
ROWS = [
    ("get, first record, p50 ms", "get_first", "p50", True),
    ("gets per second, 32 in flight", "get_32_in_flight", "ops_per_s", True),
    ("datagrams per get", "get_first", "datagrams_per_op", False),
    ("processor ms per get", "get_first", "cpu_ms_per_op", False),
    ("put, p50 ms", "put", "p50", True),
    ("fresh node knows 3, p50 ms", "join_know_3", "p50", True),
    ("fresh node, first record, p50 ms", "fresh_node_first_get", "p50", True),
    ("get after a quarter vanished, p50 ms", "get_after_25pct_vanish", "p50", True),
    ("the same, slowest, ms", "get_after_25pct_vanish", "max", False),
    ("resident KB per node, since the warm-up", "network", "rss_kb_per_node", False),
    ("resident KB per node, since the program began", "network", "rss_cold_kb_per_node", False),
]


def read(file):
    """Metrics by name; a line cut short by a time-out is none."""
    metrics = {}
    for text in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            line = json.loads(text)
            metrics[line["metric"]] = line
        except (json.JSONDecodeError, KeyError):
            print(f"{file.name}: not a metric: {text[:80]}", file=sys.stderr)
    return metrics


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(line, field, tells_failures, own):
    if not line or line.get("ok", 0) == 0 or field not in line:
        return "none"
    text = number(line[field])
    if own and own.get(field):
        text += f" ({number(line[field] / own[field])}x)"
    if tells_failures and line["ok"] < line["total"]:
        text += f", {line['ok']} of {line['total']}"
    return text


def main(folder, programs):
    measured = {program: read(pathlib.Path(folder) / f"{program}.jsonl") for program in programs}
    shown = [program for program in programs if measured[program]]
    if not shown:
        sys.exit("nothing was measured")
    print("| what | " + " | ".join(shown) + " |")
    print("|---" * (len(shown) + 1) + "|")
    for title, metric, field, tells_failures in ROWS:
        own = measured[programs[0]].get(metric)
        cells = [cell(measured[program].get(metric), field, tells_failures, None if program == programs[0] else own) for program in shown]
        print(f"| {title} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
