"""LeNet-5 (1998), as in the course and as in the paper."""

from dataclasses import replace

from keras_session5.catalog.entry import Network, Recipe
from keras_session5.catalog.neurons import MLP_ON_FASHION
from keras_session5.catalog.shapes import IMAGE, probabilities

LENET5_ON_FASHION = replace(MLP_ON_FASHION, learning_rate=5e-3, batch_size=256)

NETWORKS = (
    Network(
        name="lenet5",
        title="LeNet-5",
        year=1998,
        builder="lenet5:build_lenet5",
        modality="image",
        data="digits",
        arguments={"num_classes": 10},
        inputs=IMAGE,
        outputs=probabilities(10),
        parameters=61_706,
        # Larger distortions than for the MLP: shared weights tolerate them.
        recipe=Recipe(
            learning_rate=3e-3,
            schedule="cosine",
            warmup=0.1,
            batch_size=32,
            epochs=60,
            shift_px=3,
            rotate_deg=15,
            scale=0.2,
        ),
        min_accuracy=0.96,
        recipes={"mnist": LENET5_ON_FASHION, "fashion_mnist": LENET5_ON_FASHION},
        landmark=True,
        tour={},
        paper="LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition",
        slide="Convolution, pooling and LeNet-5",
    ),
    Network(
        name="lenet5_1998",
        title="LeNet-5 as printed",
        year=1998,
        builder="lenet5_1998:build_lenet5_1998",
        modality="image",
        data="digits",
        arguments={"num_classes": 10},
        inputs=IMAGE,
        outputs=probabilities(10),
        parameters=60_000,
        # Trainable subsampling and fixed codes learn more slowly than pooling and softmax, hence a higher
        # rate and smaller distortions.
        recipe=Recipe(
            learning_rate=1e-2,
            schedule="cosine",
            warmup=0.1,
            batch_size=32,
            epochs=60,
            shift_px=2,
            rotate_deg=10,
            scale=0.15,
        ),
        min_accuracy=0.92,
        tour={},
        paper="LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition",
        slide="Convolution, pooling and LeNet-5",
    ),
)
