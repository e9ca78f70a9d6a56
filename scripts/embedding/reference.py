"""What one file of the site says of another, and what may be wrong with it."""

from typing import NamedTuple


class Reference(NamedTuple):
    """`target` as it is written, which is at the offset `start` of the text."""

    start: int
    target: str
    is_static: bool  # The file is loaded together with the one that refers to it.


class Fault(Exception):
    """`start`: the offset of what is wrong."""

    def __init__(self, start, what):
        super().__init__(what)
        self.start = start


class SiteError(Exception):
    """The site cannot be embedded; its text is for the developer."""
