"""Decoding: how a transformer generates text, by sampling or by search, with a key-value cache."""

from keras_session5.generation.decoding import choose, continue_texts, translate, with_cache

__all__ = ["choose", "continue_texts", "translate", "with_cache"]
