"""Character n-grams as language models of `place_names`, the baseline for a GPT on the same names.

The metric is the GPT's loss in nats per character: the mean of -log p(symbol | preceding symbols, the name's
language) over every character and end mark of the split's names. The models count the training names; the
validation names determine the weights of mixtures. Usage:

    python benchmarks/ngrams.py [ORDER ...] [--data-dir FOLDER]
"""

import argparse
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from keras_session5.data import DataSet, load_data
from keras_session5.data.characters import ALPHABET

ORDERS = (5, 6)
START, END, UNKNOWN = "^$?"  # ALPHABET has none of them
FIRST_LANGUAGE = 0xE000  # of Unicode's private use area: a language is one character, as START is


class KneserNey:
    """An n-gram model of texts by characters, with plain interpolated Kneser-Ney smoothing.

    A text's first character is START or a mark of the text's language. It is given; the model predicts all
    others and END. For the symbol c after the context h, at most n - 1 symbols long:

        p(c | h) = (max(a(hc) - D, 0) + D N(h) p(c | h')) / a(h)

    | symbol | meaning |
    |---|---|
    | a(hc) | the count of hc, if it is n symbols long or begins a text; |
    |       | else the number of different symbols that precede it |
    | a(h), N(h) | sum of a(hc) over c, and number of c with a(hc) > 0 |
    | D | n1 / (n1 + 2 n2), where ni is the number of grams as long as hc with a = i: one D per length |
    | h' | h without its oldest symbol; p(c) falls back on 1 / V |

    The smoothing is plain, because modified smoothing (three discounts per length) has a higher loss on the
    validation names: with order 6 over all languages 1.6045 instead of 1.5888, and in the mixture 1.5293
    instead of 1.4714.

    Args:
        order: n, the length of the longest grams.
        alphabet: the characters; UNKNOWN stands for all others, so V = len(alphabet) + 2.

    Reference:
        S. F. Chen, J. Goodman, "An empirical study of smoothing techniques for language modeling",
        Computer Speech & Language 13 (1999), 359-394.
    """

    def __init__(self, order: int, alphabet: str = ALPHABET):
        self.order = order
        self.symbols = (*alphabet, UNKNOWN, END)
        self._known = frozenset(alphabet)
        self._discounted: dict[str, float] = {}  # hc -> a(hc) - D
        self._totals: Counter[str] = Counter()  # h -> a(h)
        self._withheld: dict[str, float] = {}  # h -> D N(h)

    def fit(self, texts: Iterable[str]) -> "KneserNey":
        """Counts the grams of texts; call it once."""
        for counts in self._counts(texts):
            discount = _estimate_discount(counts)
            for gram, count in counts.items():
                context = gram[:-1]
                self._discounted[gram] = count - discount
                self._totals[context] += count
                self._withheld[context] = self._withheld.get(context, 0.0) + discount
        return self

    def next_symbol(self, context: str) -> dict[str, float]:
        """Returns the probability of each of the V symbols after a context, which starts like a text."""
        context = self._replace_unknown(context)
        return {symbol: self._probability(symbol, context) for symbol in self.symbols}

    def probabilities(self, text: str) -> list[float]:
        """Returns p of the T symbols that follow a text's first one, END included: T = len(text)."""
        text = self._replace_unknown(text) + END
        return [self._probability(text[i], text[:i]) for i in range(1, len(text))]

    def log_probability(self, text: str) -> float:
        """Returns log p(text and its END | its first symbol), in nats."""
        return float(np.log(self.probabilities(text)).sum())

    def _counts(self, texts: Iterable[str]) -> list[Counter[str]]:
        """Returns a(gram) for each gram, in one counter for each length 1..n."""
        counts = [Counter() for _ in range(self.order)]
        for text in texts:
            text = self._replace_unknown(text) + END
            for end in range(2, len(text) + 1):
                gram = text[max(0, end - self.order) : end]
                # Shorter grams begin a text: no symbol precedes them, so they are counted directly.
                counts[len(gram) - 1][gram] += 1
        for longer, shorter in zip(counts[:0:-1], counts[-2::-1], strict=True):
            shorter.update(gram[1:] for gram in longer)  # once for each different symbol before gram[1:]
        return counts

    def _probability(self, symbol: str, context: str) -> float:
        probability = 1 / len(self.symbols)
        # From the empty context to the longest. A context extending an unseen one is unseen too.
        for begin in range(len(context), max(-1, len(context) - self.order), -1):
            shorter = context[begin:]
            if shorter not in self._totals:
                break
            seen = self._discounted.get(shorter + symbol, 0.0)
            probability = (seen + self._withheld[shorter] * probability) / self._totals[shorter]
        return probability

    def _replace_unknown(self, text: str) -> str:
        return text[:1] + "".join(c if c in self._known else UNKNOWN for c in text[1:])


def _estimate_discount(counts: Counter[str]) -> float:
    num = Counter(counts.values())
    if not num[1]:
        return 0.5  # the estimate would be 0 and leave nothing for unseen symbols
    return num[1] / (num[1] + 2 * num[2])


def measure(data: DataSet, order: int) -> Iterator[tuple[str, float, float, float]]:
    """Yields a model's name, its nats per character on the validation and the test split, and seconds.

    The seconds include counting the training names and predicting the two other splits.
    """
    starts = [START] * len(data.class_names)
    languages = [chr(FIRST_LANGUAGE + label) for label in range(len(data.class_names))]

    *each, each_seconds = predict(data, order, starts, together=False)
    yield "one for each language", nats(each[0]), nats(each[1]), each_seconds
    for name, firsts in (("all languages", starts), ("all languages, language first", languages)):
        *both, seconds = predict(data, order, firsts, together=True)
        yield name, nats(both[0]), nats(both[1]), seconds
        w = best_weight(both[0], each[0])
        mixed = [w * of_all + (1 - w) * of_each for of_all, of_each in zip(both, each, strict=True)]
        name = f"{w:.2f} {name} + {1 - w:.2f} one for each language"
        yield name, nats(mixed[0]), nats(mixed[1]), seconds + each_seconds


def predict(
    data: DataSet, order: int, firsts: Sequence[str], together: bool
) -> tuple[np.ndarray, np.ndarray, float]:
    """Counts the training names and predicts the others.

    Args:
        firsts: the first symbol of each language's names.
        together: whether one model counts the names of all languages, or each language has its own.

    Returns:
        p of every symbol of the validation split and of the test split, and seconds.
    """
    begin = time.perf_counter()
    train, validation, test = (
        [(firsts[label] + text, label) for text, label in zip(split.texts, split.labels, strict=True)]
        for split in (getattr(data, name) for name in ("train", "validation", "test"))
    )
    if together:
        models = [KneserNey(order).fit(text for text, _ in train)] * len(firsts)
    else:
        models = [
            KneserNey(order).fit(text for text, of in train if of == label) for label in range(len(firsts))
        ]
    found = [
        np.concatenate([models[label].probabilities(text) for text, label in names])
        for names in (validation, test)
    ]
    return found[0], found[1], time.perf_counter() - begin


def nats(probabilities: np.ndarray) -> float:
    """Returns the mean of -log p over symbols."""
    return float(-np.log(probabilities).mean())


def best_weight(one: np.ndarray, other: np.ndarray) -> float:
    """Returns the w, in steps of 0.05, that minimizes the nats of w one + (1 - w) other."""
    return float(min(np.linspace(0, 1, 21), key=lambda w: nats(w * one + (1 - w) * other)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures character n-grams as language models.")
    parser.add_argument("orders", nargs="*", default=ORDERS, type=int, metavar="ORDER")
    parser.add_argument("--data-dir")
    options = parser.parse_args()

    data = load_data("place_names", options.data_dir)
    print("| model | order | nats a character, validation | test | seconds |\n|---|---|---|---|---|")
    for order in options.orders:
        for name, validation, test, seconds in measure(data, order):
            print(f"| {name} | {order} | {validation:.4f} | {test:.4f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
