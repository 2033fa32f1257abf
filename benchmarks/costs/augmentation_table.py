"""The table of augmentation: beside Keras's layers, and on the host beside Pillow."""

import statistics

from benchmarks.tables import BACKENDS, spread, table


def rows(lines: list[dict]) -> list[str]:
    """The table's lines; the ratio is the median over rounds side by side."""
    head = [
        "Augmentation, µs a picture",
        "on",
        "zoo",
        "beside it",
        "",
        "zoo / beside it",
    ]
    body = [
        [
            line["what"],
            BACKENDS[line["backend"]] or "the host",
            spread(line["values"]),
            *_beside(line),
        ]
        for line in lines
    ]
    return table(head, body)


def _beside(line):
    if not line["others"]:
        return "-", "-", "-"
    pairs = zip(line["values"], line["others"], strict=True)
    ratio = statistics.median(own / other for own, other in pairs)
    library = "keras.layers" if line["backend"] else "Pillow"
    return f"{library}: {line['beside']}", spread(line["others"]), f"{ratio:.2g}"
