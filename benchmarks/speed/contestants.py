"""Who takes part, by backend: the file and the function, and what it is."""

ZOO, FIT = "zoo", "Keras fit"
LIMIT = "product of matrices"
TRAIN = {
    "jax": {
        ZOO: "loops_zoo.train",
        FIT: "loops_keras.fit",
        "jitted step": "loops_jax.step",
        "scan": "loops_jax.scan",
        LIMIT: "limit.jax",
    },
    "tensorflow": {
        ZOO: "loops_zoo.train",
        FIT: "loops_keras.fit",
        "in-graph loop": "loops_tensorflow.loop",
        "in-graph loop, XLA": "loops_tensorflow.loop_xla",
        LIMIT: "limit.tensorflow",
    },
    "torch": {
        ZOO: "loops_zoo.train",
        FIT: "loops_keras.fit",
        "eager": "loops_torch.eager",
        "compiled": "loops_torch.compiled",
        LIMIT: "limit.torch",
    },
}
HALF, FIT_HALF = "zoo, mixed_bfloat16", "Keras fit, mixed_bfloat16"
HALVES = {
    backend: {
        ZOO: TRAIN[backend][ZOO],
        HALF: "loops_zoo.train_half",
        FIT_HALF: "loops_keras.fit_half",
    }
    for backend in TRAIN
}
PRODUCTS, PASSES = "its products alone", "its passes alone"
PARTS = {
    backend: {
        ZOO: TRAIN[backend][ZOO],
        PRODUCTS: "products.measure",
        PASSES: "passes.measure",
        LIMIT: TRAIN[backend][LIMIT],
    }
    for backend in TRAIN
}
PUBLIC, BY_KERAS = "zoo.predict, exported", "zoo.predict"
READ = "zoo.predict, exported, labels read"
KEPT, FORWARD, RUNTIME = "zoo.load, kept", "Run.forward, kept", "ONNX Runtime"
VERBS = {
    PUBLIC: "loops_public.predict",
    READ: "loops_public.predict_and_read",
    BY_KERAS: "loops_public.predict_by_keras",
    KEPT: "loops_public.kept",
    FORWARD: "loops_public.forward",
    RUNTIME: "loops_public.onnx",
}
PREDICT = {
    "jax": {
        **VERBS,
        ZOO: "loops_zoo.answer",
        "Keras predict": "loops_keras.answer_predict",
        "jit": "loops_jax.answer",
    },
    "tensorflow": {
        **VERBS,
        ZOO: "loops_zoo.answer",
        "Keras predict": "loops_keras.answer_predict",
        "tf.function": "loops_tensorflow.answer",
    },
    "torch": {
        **VERBS,
        ZOO: "loops_zoo.answer",
        "Keras predict": "loops_keras.answer_predict",
        "eager": "loops_torch.answer_eager",
        "compiled": "loops_torch.answer_compiled",
    },
}
