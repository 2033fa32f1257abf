"""Training on 4 devices, and with 4 processes, is that on one device."""

from tests.test_distribute import (  # noqa: F401  pytest finds them here
    alone_and_devices,
    prepared,
    processes,
    test_each_example_is_read_once_an_epoch_by_one_process,
    test_every_step_is_that_of_one_device,
    test_numbers_and_large_states_keep_their_bits_on_the_way,
    test_the_devices_that_took_part_are_counted_and_named,
)

DEVICES, PROCESSES = (4, 2, 1), (2, 4)
