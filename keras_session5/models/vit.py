"""The vision transformer: an image as a sequence of patches."""

from typing import Any

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import ClassToken, LearnedPositions
from keras_session5.models.blocks import check_sizes, hidden_activation, residual_layers

EPSILON = 1e-6  # of the layer normalisations, from the released code


def build_vit(
    num_classes: int,
    image_size: int = 28,
    channels: int = 1,
    patch_size: int = 4,
    embed_dim: int = 64,
    num_layers: int = 3,
    num_heads: int = 4,
    mlp_dim: int = 128,
    dropout: float = 0.0,
    activation: str = "gelu_tanh",
    epsilon: float = EPSILON,
) -> keras.Model:
    """Builds a vision transformer: patches, class token, learned positions, encoder, softmax.

    Args:
        num_classes: number of classes.
        image_size: height and width of the image, in pixels.
        channels: 1 for greyscale images, 3 for colour.
        patch_size: height and width of a patch, in pixels; must divide `image_size`.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction of the outputs of the embedding, of each attention and of each dense layer of the
            blocks dropped in training.
        activation: of the feed-forward layers: "gelu", "gelu_tanh" for its tanh approximation, or "relu".
        epsilon: of the layer normalisations.

    Returns:
        Model from `image` (B, image_size, image_size, channels), float32, pixels 0..255, to
        `probabilities` (B, num_classes).

    Raises:
        ArgumentError: if a number is out of range, `patch_size` does not divide `image_size` or
            `num_heads` does not divide `embed_dim`.

    Parameters:
        With P = (image_size / patch_size)^2 patches: (patch_size^2 channels + 1) D + D + (P + 1) D
        + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + 2 D + (D + 1) num_classes;
        86,567,656 for ViT-B/16, 5,717,416 for ViT-Ti/16.

    Differences from the paper:
        The patch embedding starts from Glorot's uniform weights; with the larger LeCun normal weights of the
        released code, the positions train slowly on few images. The head is that of fine-tuning; in
        pre-training it has a hidden layer (section 3.1). Details that the paper omits follow the released
        code: GELU in the tanh approximation (PyTorch conversions use the exact function), epsilon 1e-6, a
        head that starts at zero, positions from N(0, 0.02), Glorot's uniform weights in the blocks, and
        biases of the MLP from N(0, 1e-6).

    Example:
        >>> build_vit(num_classes=10).count_params()
        105546

    Reference:
        Dosovitskiy et al. (2021), "An Image is Worth 16x16 Words", ICLR.
    """
    checks.positive_int("num_classes", num_classes)
    checks.positive_int("image_size", image_size)
    checks.one_of("channels", channels, [1, 3])
    checks.positive_int("patch_size", patch_size)
    checks.divides("patch_size", patch_size, "image_size", image_size)
    checks.above_zero("epsilon", epsilon)
    hidden = hidden_activation(activation)
    check_sizes(embed_dim, num_layers, num_heads, mlp_dim, dropout)
    num_patches = (image_size // patch_size) ** 2

    image = keras.Input((image_size, image_size, channels), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(image)  # [-1, 1]
    # A linear map of each patch is a convolution whose stride equals its kernel size.
    x = layers.Conv2D(embed_dim, patch_size, strides=patch_size, name="patches")(x)
    # (B, 7, 7, D)    4*4*1*D + D
    x = layers.Reshape((num_patches, embed_dim), name="sequence")(x)
    # (B, 49, D)
    x = ClassToken(name="class_token")(x)
    # (B, 50, D)    D
    x = LearnedPositions(num_patches + 1, name="positions")(x)
    # (B, 50, D)    50*D
    x = layers.Dropout(dropout, name="embedding_dropout")(x)

    for i in range(1, num_layers + 1):
        x = _block(x, num_heads, mlp_dim, dropout, hidden, epsilon, name=f"block{i}")
    # (B, 50, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D)
    x = layers.LayerNormalization(epsilon=epsilon, name="final_norm")(x)
    # (B, 50, D)    2*D

    outputs = layers.Dense(
        num_classes, activation="softmax", kernel_initializer="zeros", name="probabilities"
    )(x[:, 0])
    # (B, num_classes)    (D + 1) * num_classes
    return keras.Model(image, outputs, name="vit")


def _block(
    x: Any, num_heads: int, mlp_dim: int, dropout: float, activation: Any, epsilon: float, name: str
) -> Any:
    """Applies self-attention and feed-forward, each with a residual and a normalised input."""
    embed_dim = x.shape[-1]
    attention = layers.MultiHeadAttention(num_heads, embed_dim // num_heads, name=f"{name}_attention")
    norm, drop, add = residual_layers(f"{name}_attention", dropout, epsilon)
    y = norm(x)
    x = add([x, drop(attention(y, y))])
    # (B, T, D)    4 * (D*D + D) + 2*D

    norm, drop, add = residual_layers(f"{name}_mlp", dropout, epsilon)
    y = norm(x)
    y = layers.Dense(mlp_dim, activation=activation, bias_initializer=_near_zero(), name=f"{name}_mlp_1")(y)
    # (B, T, mlp_dim)    D*mlp_dim + mlp_dim
    y = layers.Dropout(dropout, name=f"{name}_mlp_1_dropout")(y)
    y = layers.Dense(embed_dim, bias_initializer=_near_zero(), name=f"{name}_mlp_2")(y)
    # (B, T, D)    mlp_dim*D + D
    return add([x, drop(y)])
    # (B, T, D)    2*D


def _near_zero() -> keras.initializers.Initializer:
    return keras.initializers.RandomNormal(stddev=1e-6)
