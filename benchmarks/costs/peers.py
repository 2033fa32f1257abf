"""What others have for an operation of zoo: Keras a layer, Pillow calls a picture."""

from collections.abc import Callable

import numpy as np

KERAS = {
    "flip": "RandomFlip",
    "shift": "RandomTranslation",
    "rotation": "RandomRotation",
    "zoom": "RandomZoom",
    "shift, rotation, zoom": "these three, in turn",
    "elastic": "RandomElasticTransform",
    "color_jitter": "RandomColorJitter",
    "random_erasing": "RandomErasing",
    "rand_augment": "RandAugment",
    "mixup": "MixUp",
    "cutmix": "CutMix",
}
PILLOW = {
    "flip": "transpose",
    "shift": "transform",
    "rotation": "transform",
    "zoom": "transform",
    "shift, rotation, zoom": "transform",
    "color_jitter": "ImageEnhance",
    "random_erasing": "paste",
    "mixup": "blend",
    "cutmix": "paste",
}


def by_keras(change: str, shape: tuple[int, ...]):
    """Keras's layer, of about the strength that zoo's has, built; None without one.

    Nor is there one to bend pictures on JAX: `RandomElasticTransform` does not compile.
    """
    from keras import Sequential, backend, layers

    black = {"fill_mode": "constant", "seed": 0}

    def jitter():
        hues = {"saturation_factor": (0.4, 0.6)} if shape[-1] == 3 else {}
        return layers.RandomColorJitter(
            brightness_factor=0.2, contrast_factor=0.2, seed=0, **hues
        )

    make = {
        "flip": lambda: layers.RandomFlip("horizontal", seed=0),
        "shift": lambda: layers.RandomTranslation(0.1, 0.1, **black),
        "rotation": lambda: layers.RandomRotation(10 / 360, **black),
        "zoom": lambda: layers.RandomZoom(0.1, **black),
        "shift, rotation, zoom": lambda: Sequential(
            [
                layers.RandomTranslation(0.07, 0.07, **black),
                layers.RandomRotation(10 / 360, **black),
                layers.RandomZoom(0.1, **black),
            ]
        ),
        "elastic": lambda: layers.RandomElasticTransform(seed=0),
        "color_jitter": jitter,
        "random_erasing": lambda: layers.RandomErasing(seed=0),
        "rand_augment": lambda: layers.RandAugment(num_ops=2, factor=0.3, seed=0),
        "mixup": lambda: layers.MixUp(0.2, seed=0),
        "cutmix": lambda: layers.CutMix(seed=0),
    }
    if change not in make or (change == "elastic" and backend.backend() == "jax"):
        return None
    layer = make[change]()
    layer.build(shape)
    return layer


def by_pillow(change: str, pictures: np.ndarray) -> Callable | None:
    """A function that changes each picture by itself by Pillow; None without one.

    An affine warp is bilinear, which is what torchvision does on a CPU.
    """
    from PIL import Image, ImageEnhance

    images = [Image.fromarray(picture.squeeze()) for picture in pictures]
    others = [*images[1:], images[0]]
    turn = (0.98, 0.17, 0.5, -0.17, 0.98, 0.5)
    side = pictures.shape[1] // 2
    box = (0, 0, side, side)
    noise = Image.fromarray(pictures[0, :side, :side].squeeze())

    def warp(image, _):
        method, how = Image.Transform.AFFINE, Image.Resampling.BILINEAR
        image.transform(image.size, method, turn, how)

    def jitter(image, _):
        for kind in ("Brightness", "Contrast", "Color"):
            image = getattr(ImageEnhance, kind)(image).enhance(1.1)

    def paste(image, part):
        image = image.copy()
        image.paste(part, box)

    operation = {
        "flip": lambda image, _: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        **dict.fromkeys(("shift", "rotation", "zoom", "shift, rotation, zoom"), warp),
        "color_jitter": jitter,
        "random_erasing": lambda image, _: paste(image, noise),
        "mixup": lambda image, other: Image.blend(image, other, 0.3),
        "cutmix": lambda image, other: paste(image, other.crop(box)),
    }.get(change)
    if operation is None:
        return None

    def change_all(_):
        for image, other in zip(images, others, strict=True):
            operation(image, other)

    return change_all
