from .attention import scaled_dot_product_attention as scaled_dot_product_attention
from .backpropagation import NumpyMLP as NumpyMLP
from .byte_pairs import apply_byte_pairs as apply_byte_pairs, learn_byte_pairs as learn_byte_pairs
from .cars import (
    SCENES as SCENES,
    render_scenes as render_scenes,
    wheel_matches as wheel_matches,
    wheel_scores as wheel_scores,
)
from .convolution import (
    KERNELS as KERNELS,
    SLIDES_IMAGE as SLIDES_IMAGE,
    SLIDES_KERNEL as SLIDES_KERNEL,
    SLIDES_POOLED as SLIDES_POOLED,
    feature_map as feature_map,
    output_size as output_size,
    patch_products as patch_products,
    pool as pool,
)
from .one_step import (
    BackpropagationStep as BackpropagationStep,
    backpropagation_example as backpropagation_example,
    backpropagation_step as backpropagation_step,
)
from .perceptron import (
    cycle as cycle,
    novikoff_bound as novikoff_bound,
    perceptron_trace as perceptron_trace,
)
from .spans import corrupt_spans as corrupt_spans
from .threshold import threshold_weights as threshold_weights
from .xor import solve_xor as solve_xor
