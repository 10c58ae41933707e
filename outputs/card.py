"""The data set's own README, written from `dataset.json` and the index."""

from __future__ import annotations

from collections import Counter

from diachron.outputs.readers import Dataset


def card_text(dataset: Dataset) -> str:
    """Return the card as Markdown. Names from files stand in code spans, without line breaks."""
    info = dataset.info
    splits: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    licences: set[str] = set()
    changed = known = empty = count = 0
    gsds: set[float] = set()
    for record in dataset.records():
        count += 1
        splits[record["split"]] += 1
        kinds.update(f"{event['kind']}, {event['phase']}" for event in record["events"])
        licences.add(str(record["licence"] or "not stated"))
        gsds.add(record["grid"]["gsd_m"])
        changed += record["counts"]["changed_px"]
        known += record["counts"]["pixels"] - record["counts"]["ignored_px"]
        empty += record["counts"]["changed_px"] == 0
    reasons = Counter(entry["reason"] for entry in dataset.rejections())
    share = 100.0 * changed / known if known else 0.0
    made_with = ", ".join(f"{name} {version}" for name, version in sorted(info["versions"].items()))
    terms = ", ".join(_code(name) for name in sorted(licences)) or "not stated"
    classes = _code(", ".join(f"{c['id']} {c['name']}" for c in info["schema"]["classes"]))
    lines = [
        f"# {_code(info['name'])}: labelled change data",
        "",
        *(_REAL_DATES if info["recipe"].get("real_dates") else _ONE_DATE),
        "",
        "| | |",
        "|---|---|",
        f"| samples | {count} of {info['n']} planned, {info['dates']} dates each |",
        f"| splits | {', '.join(f'{name} {n}' for name, n in sorted(splits.items())) or 'none'} |",
        f"| source | {_code(info['source']['root'])}, {info['source']['tiles']} tiles, "
        f"{info['source']['windows']} windows |",
        f"| licence of the pictures | {terms} |",
        *(
            f"| objects lent by | {_code(donor['root'])}, terms: {_code(donor['licence'] or 'not stated')} |"
            for donor in info.get("donors", ())
        ),
        f"| bands | {_code(', '.join(info['bands']))} ({info['dtype']}) |",
        f"| ground sampling distance | {', '.join(f'{g:g} m' for g in sorted(gsds)) or 'none'} |",
        f"| label scheme | {_code(info['schema']['name'])}: {classes} |",
        f"| changed pixels | {share:.3f} %; {empty} samples without change |",
        f"| events | {', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items())) or 'none'} |",
        f"| refused | {', '.join(f'{n} {reason}' for reason, n in sorted(reasons.items())) or 'nothing'} |",
        f"| recipe, seed | {_code(info['recipe']['name'])}, {info['seed']} |",
        f"| made with | {made_with} |",
        "",
        "`change.tif`: 0 same, 1 changed, 255 unknown. `edit.tif`: every pixel a renderer may have touched.",
        "`sample.json` names the events, what was drawn for each date, source and licence.",
        "Layers and fields are described in Diachron's documentation, page *The package on disk*.",
        "",
    ]
    return "\n".join(lines)


_ONE_DATE = (
    "Made by Diachron: real pictures of one date, and a second date with simulated events painted in.",
    "The change is known because it was made; the pairs are synthetic, no record of a place's past.",
)
_REAL_DATES = (
    "Made by Diachron: real pictures of two dates of a place, one of them with simulated events painted in.",
    "The change that was made is known; what has really changed between them is not, and some may remain.",
)


def _code(text: object) -> str:
    """Return text from outside as a Markdown code span that it cannot leave."""
    # A file name need not be UTF-8; what is not becomes a question mark.
    plain = str(text).encode("utf-8", "replace").decode("utf-8")
    words = " ".join(plain.replace("`", "'").replace("|", "/").split())
    return f"`{words or ' '}`"
