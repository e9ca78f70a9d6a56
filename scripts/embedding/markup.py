"""Finds the files that a page (HTML) or a style sheet (CSS) loads, and parts of a page that its policy (CSP) forbids."""

import html.parser
import re

from embedding.reference import Fault, Reference

# Elements that load files; links are not changed.
LOADING = {"link", "script", "img", "source", "audio", "video"}
URL_ATTRIBUTE = re.compile(r"""\s(?:href|src)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE)

CSS_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CSS_URL = re.compile(r"""url\(\s*(?:"([^"]*)"|'([^']*)'|([^\s"')]+))\s*\)|@import\s+(?:"([^"]*)"|'([^']*)')""")


class PageReader(html.parser.HTMLParser):
    """`references`: of the page. `modules`: offset of each module script's tag, with the script's address."""

    def __init__(self, source):
        super().__init__()
        self.references = []
        self.modules = []
        self.lines = [0, *(match.end() for match in re.finditer("\n", source))]
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        line, column = self.getpos()
        start = self.lines[line - 1] + column
        refuse_inline(start, tag, dict(attrs))
        if tag not in LOADING:
            return
        for match in URL_ATTRIBUTE.finditer(self.get_starttag_text()):
            group = match.lastindex
            self.references.append(Reference(start + match.start(group), match[group], True))
        if tag == "script" and dict(attrs).get("type") == "module":
            self.modules.append((start, dict(attrs)["src"]))

    handle_startendtag = handle_starttag


def refuse_inline(start, tag, attributes):
    if tag == "style" or (tag == "script" and "src" not in attributes):
        raise Fault(start, f"an inline <{tag}>, which the page's policy (CSP) forbids")
    for name in attributes:
        if name == "style" or name.startswith("on"):
            raise Fault(start, f"the attribute {name}, which the page's policy (CSP) forbids")


def references_of_css(source):
    without_comments = CSS_COMMENT.sub(lambda match: " " * len(match[0]), source)
    return [
        Reference(match.start(match.lastindex), match[match.lastindex], True)
        for match in CSS_URL.finditer(without_comments)
    ]
