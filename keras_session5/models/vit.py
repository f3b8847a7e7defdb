"""The vision transformer: an image as a sequence of patches."""

import keras
from keras import layers

from keras_session5 import checks
from keras_session5.layers import ClassToken, LearnedPositions
from keras_session5.models.blocks import check_sizes, encoder


def build_vit(
    num_classes,
    image_size=28,
    channels=1,
    patch_size=4,
    embed_dim=64,
    num_layers=3,
    num_heads=4,
    mlp_dim=128,
    dropout=0.0,
) -> keras.Model:
    """Builds a vision transformer: patches, class token, learned positions, encoder, softmax.

    Args:
        num_classes: number of classes.
        image_size: height and width of the image, in pixels.
        channels: 1 for grey images, 3 for colours.
        patch_size: height and width of a patch, in pixels; must divide `image_size`.
        embed_dim: width of the embedding and of every block, D.
        num_layers: number of encoder blocks.
        num_heads: attention heads, H; must divide `embed_dim`.
        mlp_dim: width of the feed-forward layer inside a block.
        dropout: fraction dropped of the embedding and after every sublayer in training.

    Returns:
        Model from `image` (B, image_size, image_size, channels), float32, pixels 0..255, to
        `probabilities` (B, num_classes).

    Raises:
        ArgumentError: if a number is out of its range, `patch_size` does not divide `image_size` or
            `num_heads` does not divide `embed_dim`.

    Parameters:
        With P = (image_size / patch_size)^2 patches: (patch_size^2 channels + 1) D + D + (P + 1) D
        + num_layers (4 (D D + D) + 2 D mlp_dim + mlp_dim + D + 4 D) + 2 D + (D + 1) num_classes;
        86,567,656 for ViT-B/16, 5,717,416 for ViT-Ti/16.

    Differences from the paper:
        None but the sizes; epsilon of the normalisations 1e-5 instead of 1e-6.

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
    blocks = {"num_layers": num_layers, "num_heads": num_heads, "mlp_dim": mlp_dim, "dropout": dropout}
    check_sizes(embed_dim=embed_dim, **blocks)
    num_patches = (image_size // patch_size) ** 2

    image = keras.Input((image_size, image_size, channels), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="scale")(image)  # [-1, 1]
    # One linear map of every patch is a convolution whose steps are as long as its kernel.
    x = layers.Conv2D(embed_dim, patch_size, strides=patch_size, name="patches")(x)
    # (B, 7, 7, D)    4*4*1*D + D
    x = layers.Reshape((num_patches, embed_dim), name="sequence")(x)
    # (B, 49, D)
    x = ClassToken(name="class_token")(x)
    # (B, 50, D)    D
    x = LearnedPositions(num_patches + 1, name="positions")(x)
    # (B, 50, D)    50*D
    x = layers.Dropout(dropout, name="embedding_dropout")(x)

    x = encoder(x, None, pre_norm=True, activation="gelu", **blocks)
    # (B, 50, D)    num_layers * (4*(D*D + D) + D*mlp_dim + mlp_dim + mlp_dim*D + D + 2*2*D) + 2*D

    outputs = layers.Dense(num_classes, activation="softmax", name="probabilities")(x[:, 0])
    # (B, num_classes)    (D + 1) * num_classes
    return keras.Model(image, outputs, name="vit")
