"""Leaves out of a script or a style sheet what only its readers need: comments, indentation, blanks.

Nothing is renamed and nothing is reordered: the tokens of what comes out are those of what went in, so an error in a
browser still names what stands in the sources.
"""

import re

from embedding import javascript

# No statement ends behind these or before those, so a line break there means nothing (ECMA-262, 12.10: a semicolon is
# put in where the grammar allows nothing else).
GOES_ON_BEHIND = set("{([,;.?:=&|<>*%^~")
GOES_ON_BEFORE = set(")],;.?:=&|<>%^}")
WORD_END = re.compile(r"[\w$#\\]")
# Written together they would be one token of another meaning, or begin a comment.
MAY_JOIN = set("+-/*!<>=")

CSS_PART = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|url\([^"')]*\))|(?P<blank>(?:\s|/\*.*?\*/)+)""",
    re.DOTALL | re.IGNORECASE,
)


def shrink(suffix, text):
    """The text of a script (.js) or a style sheet (.css) as it is served."""
    return shrink_script(text) if suffix == ".js" else shrink_style(text)


def shrink_script(text):
    tokens = javascript.tokens_of(text)
    pieces = []
    for previous, token in zip([javascript.END, *tokens], tokens):
        between = text[previous.start + len(previous.text) : token.start] if pieces else ""
        pieces += [separator(previous, between, token), token.text]
    return "".join(pieces) + "\n" if pieces else ""


def separator(previous, between, token):
    """What has to stand between two tokens that had `between` between them."""
    last, first = previous.text[-1:], token.text[:1]
    if "\n" in between:
        goes_on = ends_in(previous, GOES_ON_BEHIND) or begins_with(token, GOES_ON_BEFORE)
        return "" if goes_on and not would_join(last, first) else "\n"
    return " " if between and (would_join(last, first) or previous.kind == "value" and first == ".") else ""


def ends_in(token, marks):
    return token.kind == "mark" and token.text[-1:] in marks


def begins_with(token, marks):
    return token.kind == "mark" and token.text[:1] in marks


def would_join(last, first):
    return bool(WORD_END.match(last) and WORD_END.match(first)) or (last in MAY_JOIN and first in MAY_JOIN)


def shrink_style(text):
    pieces = []
    at = 0
    for match in CSS_PART.finditer(text):
        pieces += [(text[at : match.start()], False), (match[0], match.lastgroup == "string")]
        if match.lastgroup == "blank":
            pieces[-1] = (" ", False)
        at = match.end()
    pieces.append((text[at:], False))
    return "".join(join_style(pieces)).strip()


def join_style(pieces):
    """Blanks beside a brace, a semicolon or a comma go, and those behind a colon; before one they may part selectors."""
    run = ""
    for piece, is_string in [*pieces, ("", True)]:
        if not is_string:
            run += piece
            continue
        run = re.sub(r" ?([{};,]) ?", r"\1", run)
        yield re.sub(r": ", ":", run).replace(";}", "}")
        yield piece
        run = ""
