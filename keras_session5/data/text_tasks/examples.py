"""The samples of `text_tasks`."""

from keras_session5.data.place_names.names import shuffle
from keras_session5.data.text_tasks.tasks import task_pairs


def make_examples(variant: str | None) -> dict[str, dict[str, list[str]]]:
    """Returns split -> the columns "text" and "target"; there are no variants."""
    examples = {}
    for split in ("train", "validation", "test"):
        targets = task_pairs(split)
        texts = shuffle(targets, split)
        examples[split] = {"text": texts, "target": [targets[text] for text in texts]}
    return examples
