"""A JSON body, read by simdjson, which refuses a malformed one at a gigabyte per second."""

import math
import re
from dataclasses import dataclass
from typing import Any

import simdjson

from keras_session5.errors import InvalidArgumentError
from keras_session5.server.deadline import check_deadline

# JSON has no words for these numbers, but TensorFlow Serving reads and writes them. While simdjson reads the
# body, numbers that nobody sends stand for them.
NAN, INFINITY = 1.797693134862301e308, 1.797693134862302e308
_VALUES = {NAN: math.nan, INFINITY: math.inf, -INFINITY: -math.inf}
# Strings are matched to be passed over, an open one to its end: every byte is looked at once.
_WORD = re.compile(rb'"(?:[^"\\]|\\.)*+"?|NaN|Inf(?:inity)?|-Inf(?:inity)?', re.DOTALL)
# The spaces keep a word apart from its neighbors: `1NaN` stays wrong.
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
        text: what simdjson has read.
        root: simdjson's view of the value; it makes Python objects only of what is taken out of it.
        has_words: whether `NAN` and `INFINITY` in it stand for the words.
    """

    text: bytes
    root: Any
    has_words: bool

    def to_python(self) -> Any:
        """Returns the value as Python objects; the first of duplicate keys wins.

        Raises:
            InvalidArgumentError: it is nested too deeply, or a name holds U+0000.
            DeadlineExceededError: the thread's time is up.
        """
        try:
            objects = self.text.count(b"{") - isinstance(self.root, simdjson.Object)
            return self._to_python(self.root, plain=not self.has_words and not objects)
        except RecursionError as error:
            raise _parse_error("The document is nested too deeply.") from error
        except KeyError as error:  # of a look-up, which takes the character for the end of the name
            raise _parse_error("A name must not hold U+0000.") from error

    def _to_python(self, value: Any, plain: bool) -> Any:
        """Converts a value. `plain`: no list holds words, or objects, whose keys must be compared."""
        check_deadline()
        if isinstance(value, (list, dict)) and not self.has_words:
            return value
        if isinstance(value, (simdjson.Array, list)):
            # simdjson converts only the innermost lists, since other threads wait while it does.
            if plain and len(value) and not isinstance(value[0], simdjson.Array):
                return value.as_list()
            return [self._to_python(item, plain) for item in value]
        if isinstance(value, (simdjson.Object, dict)):
            # A look-up finds the first of duplicate keys, but passes all before; `items` converts all within.
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
        raise _parse_error("The document is empty")
    has_words = b"NaN" in body or b"Inf" in body
    text = _WORD.sub(_stand_in, body) if has_words else body
    try:
        return Json(text, simdjson.Parser().parse(text), has_words)
    except (ValueError, RuntimeError) as error:
        reason = getattr(error, "reason", str(error))  # of bytes that are not UTF-8
        raise _parse_error(reason.partition(": ")[2].partition("  ")[0] or reason) from error


def _stand_in(word: re.Match[bytes]) -> bytes:
    check_deadline()
    return _STAND_INS.get(word[0][:1], word[0])


def _parse_error(reason: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"JSON Parse error: {reason}")
