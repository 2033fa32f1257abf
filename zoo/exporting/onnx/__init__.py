"""ONNX from Keras's own graph of a model: on every backend, and without tracing.

A network of zoo is plain layers of Keras, and operations of `keras.ops` between them.
So a file is written by going through the graph and translating each of them, see
`layers` and `operations`. Nothing is executed: the batch has any size, weights are
float32 whatever the precision was, and no framework but Keras is asked.
"""
