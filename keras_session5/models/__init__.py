"""The networks, one file each, in historical order.

Letters of the shape comments: B batch, T length of a sequence, D embedding, H heads, K head dimension,
V vocabulary. The arithmetic beside a shape counts the layer's weights.
"""
