from .by_hand import (
    KERNELS as KERNELS,
    NumpyMLP as NumpyMLP,
    cycle as cycle,
    feature_map as feature_map,
    novikoff_bound as novikoff_bound,
    output_size as output_size,
    patch_products as patch_products,
    perceptron_trace as perceptron_trace,
    pool as pool,
    solve_xor as solve_xor,
    threshold_weights as threshold_weights,
)
from .catalog import (
    NETWORKS as NETWORKS,
    build as build,
)
from .client import connect as connect
from .data import load_data as load_data
from .exporting import export as export
from .server import serve as serve
from .training import (
    evaluate as evaluate,
    generate as generate,
    train as train,
    translate as translate,
)

__version__: str
