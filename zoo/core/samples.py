"""Samples of sounds as whole numbers of 16 bits."""

FULL = 2**15  # stands for 1, the loudest that a sound can be
PADDING = -FULL  # behind the end of a sound, and no sample
