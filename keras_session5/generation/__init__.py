"""Text generation with transformers: sampling with a key-value cache, and beam search."""

from keras_session5.generation.decoding import choose, continue_texts, translate, with_cache

__all__ = ["choose", "continue_texts", "translate", "with_cache"]
