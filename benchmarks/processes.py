"""A measurement in a process of its own, where nothing is imported or warm."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def alone(function, *arguments):
    """What `function` returns in a process of its own."""
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=fresh) as pool:
        return pool.submit(function, *arguments).result()
