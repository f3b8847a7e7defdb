"""Parses JSON bodies with simdjson, which checks a gigabyte per second."""

import math
import re
from dataclasses import dataclass
from typing import Any

import simdjson

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.deadline import check_deadline

# JSON has no words for NaN and infinity, but TensorFlow Serving reads and writes them. For simdjson, numbers
# that no client sends replace them.
NAN, INFINITY = 1.797693134862301e308, 1.797693134862302e308
_VALUES = {NAN: math.nan, INFINITY: math.inf, -INFINITY: -math.inf}
# Matches strings to skip them, an unclosed one to the end, so that it looks at each byte once.
_WORD = re.compile(rb'"(?:[^"\\]|\\.)*+"?|NaN|Inf(?:inity)?|-Inf(?:inity)?', re.DOTALL)
# The spaces separate a word from its neighbours, so that `1NaN` stays invalid.
_STAND_INS = {
    b"N": f" {NAN!r} ".encode(),
    b"I": f" {INFINITY!r} ".encode(),
    b"-": f" -{INFINITY!r} ".encode(),
}
_MOST_LOOK_UPS = 1000


@dataclass(frozen=True)
class Json:
    """A parsed body.

    Attributes:
        text: the text that simdjson parsed.
        root: simdjson's view of the value, which creates Python objects only on access.
        has_words: whether `NAN` and `INFINITY` in the text stand for words.
    """

    text: bytes
    root: Any
    has_words: bool

    def to_python(self) -> Any:
        """Returns the value as Python objects; the first of duplicate keys wins.

        Raises:
            InvalidArgumentError: the value is nested too deeply, or a name holds U+0000.
            DeadlineExceededError: the thread's time is up.
        """
        try:
            objects = self.text.count(b"{") - isinstance(self.root, simdjson.Object)
            return self._to_python(self.root, plain=not self.has_words and not objects)
        except RecursionError as error:
            raise _make_error("The document is nested too deeply.") from error
        except KeyError as error:  # from a look-up, which ends the name at that character
            raise _make_error("A name must not hold U+0000.") from error

    def _to_python(self, value: Any, plain: bool) -> Any:
        """Converts a value. `plain`: no list holds words, or objects, which may have duplicate keys."""
        check_deadline()
        if isinstance(value, (list, dict)) and not self.has_words:
            return value
        if isinstance(value, (simdjson.Array, list)):
            # simdjson converts only the innermost lists, because it blocks other threads meanwhile.
            if plain and len(value) and not isinstance(value[0], simdjson.Array):
                return value.as_list()
            return [self._to_python(item, plain) for item in value]
        if isinstance(value, (simdjson.Object, dict)):
            # A look-up finds the first of duplicate keys but skips all before it; `items` converts all.
            look_up = len(value) <= _MOST_LOOK_UPS
            members: dict[str, Any] = {}
            for key, item in ((key, None) for key in value) if look_up else value.items():
                if key not in members:
                    members[key] = self._to_python(value[key] if look_up else item, plain)
            return members
        return _VALUES.get(value, value) if self.has_words and isinstance(value, float) else value


def parse_json(body: bytes) -> Json:
    """Parses a body; `NaN`, `Infinity` and `Inf` are numbers.

    Raises:
        InvalidArgumentError: `JSON Parse error: <reason>`.
    """
    if not body.strip():
        raise _make_error("The document is empty")
    has_words = b"NaN" in body or b"Inf" in body
    text = _WORD.sub(_replace_word, body) if has_words else body
    try:
        return Json(text, simdjson.Parser().parse(text), has_words)
    except (ValueError, RuntimeError) as error:
        reason = getattr(error, "reason", str(error))  # for bytes that are not UTF-8
        raise _make_error(reason.partition(": ")[2].partition("  ")[0] or reason) from error


def _replace_word(word: re.Match[bytes]) -> bytes:
    check_deadline()
    return _STAND_INS.get(word[0][:1], word[0])


def _make_error(reason: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"JSON Parse error: {reason}")
