"""Zoo's steps and forward passes against hand-written loops and plain Keras."""
