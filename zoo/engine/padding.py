"""The padding that convolutions add."""


def margins(side: int, size: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """How much "same" padding adds before and behind `side` pixels.

    Args:
        side: of an image.
        size: of the kernel.
        stride: of the convolution.
        dilation: of the kernel.
    """
    end = (side - 1) // stride * stride + (size - 1) * dilation + 1
    total = max(0, end - side)
    return total // 2, total - total // 2
