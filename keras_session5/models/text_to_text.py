"""T5's idea: every task maps text to text, and a prefix selects the task."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.models.blocks import (
    check_sizes,
    embed,
    embedding_layer,
    encoder_decoder,
    padding_mask,
)


def build_text_to_text(
    vocabulary_size: int,
    embed_dim: int = 96,
    num_layers: int = 2,
    num_heads: int = 8,
    mlp_dim: int = 384,
    dropout: float = 0.05,
    max_length: int = 128,
) -> keras.Model:
    """Builds an encoder-decoder in which source, target and output projection share one embedding.

    Args:
        vocabulary_size: number of token ids including padding, beginning and end, V.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks, and also of decoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of the embeddings and of each sublayer's output dropped in training.
        max_length: longest source or target, in tokens.

    Returns:
        Model from `source` (B, T) and `target` (B, S), int32, T and S <= max_length, to `logits` (B, S, V)
        of the next target token. Id 0 is padding.

    Raises:
        ArgumentError: if a number is out of range or `num_heads` does not divide `embed_dim`.

    Parameters:
        V D + num_layers (12 (D D + D) + 2 (2 D mlp_dim + mlp_dim + D) + 5 * 2 D).

    Differences from the paper:
        This network uses T5's task format with the layers of the 2017 transformer. T5 normalises before each
        sublayer, by the root mean square and without a bias; it has relative positions in self-attention, no
        biases in dense layers and projections, and no division of the scores by sqrt(K); it also applies
        dropout to attention weights, hidden units and the outputs of both stacks (section 2.1 and the
        released code). T5 reads word pieces and is pre-trained on web text; this network reads characters and
        learns only the tasks.

    Example:
        >>> build_text_to_text(vocabulary_size=100).output_shape
        (None, None, 100)

    Reference:
        Raffel et al. (2020), "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
        Transformer", JMLR 21.
    """
    checks.positive_int("vocabulary_size", vocabulary_size)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout, max_length)

    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    embedding = embedding_layer(vocabulary_size, embed_dim)
    x = embed(source, embedding, max_length, dropout, name="source_embedding")
    # (B, T, D)    V*D
    y = embed(target, embedding, max_length, dropout, name="target_embedding")
    # (B, S, D)

    y = encoder_decoder(x, y, padding_mask(source), num_layers, num_heads, mlp_dim, dropout)
    # (B, S, D)    num_layers * (12*(D*D + D) + 2*(2*D*mlp_dim + mlp_dim + D) + 5*2*D)

    logits = layers.Identity(name="logits")(embedding(y, reverse=True))
    # (B, S, V)    0: shares the embedding's weights
    return keras.Model([source, target], logits, name="text_to_text")
