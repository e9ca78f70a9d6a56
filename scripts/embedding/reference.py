"""References from one file of the site to another, and their faults."""

from typing import NamedTuple


class Reference(NamedTuple):
    """`target` as written at the offset `start` of the text."""

    start: int
    target: str
    is_static: bool  # The file is loaded together with the one that refers to it.


class Fault(Exception):
    """`start`: the offset of the fault."""

    def __init__(self, start, what):
        super().__init__(what)
        self.start = start


class SiteError(Exception):
    """The site cannot be embedded; the message is for the developer."""
