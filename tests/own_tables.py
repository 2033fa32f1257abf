"""What tests of tables of one's own share."""

import warnings

from zoo import data


def load(*arguments, **options):
    """`data.load` without its words on the columns that it leaves out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return data.load(*arguments, **options)


def written(path, text, **options) -> str:
    """The name of a file that now holds `text`."""
    path.write_text(text, **options)
    return str(path)
