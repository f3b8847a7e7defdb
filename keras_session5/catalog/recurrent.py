"""Simple recurrent networks (1990)."""

from keras_session5.catalog.entry import Network, Recipe, Tensor
from keras_session5.catalog.shapes import TOKENS, probabilities

NETWORKS = (
    Network(
        name="simple_rnn",
        title="Simple recurrent network",
        year=1990,
        builder="simple_rnn:build_simple_rnn",
        modality="text",
        data="place_names",
        arguments={"vocabulary_size": 154, "num_classes": 20},
        inputs=TOKENS,
        outputs=probabilities(20),
        parameters=133_460,
        # Token dropout and weight decay, without dropout of the embedding, which removes too much of
        # short names.
        recipe=Recipe(
            optimizer="adamw",
            learning_rate=5e-3,
            schedule="cosine",
            warmup=0.1,
            weight_decay=0.05,
            batch_size=128,  # an epoch takes three quarters of the time that it takes with 64
            epochs=18,
            bucket=True,
            token_dropout=0.08,
        ),
        min_accuracy=0.795,
        landmark=True,
        tour={},
        paper="Elman 1990, Finding Structure in Time",
        slide="Recurrent networks",
    ),
    Network(
        name="simple_rnn_waves",
        title="Simple recurrent network for a series",
        year=1990,
        builder="simple_rnn_waves:build_simple_rnn_waves",
        task="forecasting",
        modality="series",
        data="waves",
        inputs={"series": Tensor("float32", (None, None, 1))},
        outputs={"forecast": Tensor("float32", (None, 1))},
        parameters=12_545,
        recipe=Recipe(
            loss="mean_squared_error",
            learning_rate=3e-3,
            schedule="cosine",
            warmup=0.1,
            batch_size=64,
            epochs=28,
        ),
        max_loss=0.028,
        tour={"epochs": 14},
        tour_max_loss=0.03,
        paper="Elman 1990, Finding Structure in Time",
        slide="Recurrent networks",
    ),
)
