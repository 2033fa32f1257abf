"""Devices that train together, one file a backend; see `zoo.distribute.Group`."""
