"""The samples of `dates`."""

from keras_session5.data.dates.days import NUM_PAIRS, date_pairs


def make_examples(variant: str | None) -> dict[str, dict[str, list[str]]]:
    """Returns split -> the columns "text" and "target"; there are no variants."""
    pairs = {split: date_pairs(split) for split in NUM_PAIRS}
    return {split: {"text": list(of), "target": list(of.values())} for split, of in pairs.items()}
