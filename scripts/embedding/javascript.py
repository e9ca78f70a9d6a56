"""Finds the files that a JavaScript module loads: imports, dynamic imports and `new URL('…', import.meta.url)`.

It reads tokens instead of text: the word import in a comment, a JSDoc type or a string is not an import.
"""

import re
from typing import NamedTuple

from embedding.reference import Fault, Reference

BLANK = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
STRING = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
WORD = re.compile(r"[^\W\d][\w$]*|[$#][\w$]*")
NUMBER = re.compile(r"\.?\d[\w.]*")
REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
TEMPLATE = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
# A slash after one of these starts a regular expression; after any other word, a number or `)` it is a division.
WORDS_BEFORE_REGEX = set("return typeof case in of delete void throw new else do await yield".split())
ENDS_OF_VALUES = {")", "]"}
# The same applies after the `)` that ends the head of one of these statements.
WORDS_WITH_HEADS = {"if", "for", "while"}


class Token(NamedTuple):
    kind: str  # word, string, value, head (the end of one) or mark
    text: str
    start: int

    def is_word(self, text):
        return self.kind == "word" and self.text == text

    def may_precede_regex(self):
        if self.kind == "word":
            return self.text in WORDS_BEFORE_REGEX
        return self.kind == "head" or (self.kind == "mark" and self.text not in ENDS_OF_VALUES)


END = Token("mark", "", -1)


def tokens_of(source):
    found = []
    templates = []  # for each open brace: whether it is a template's `${`
    heads = []  # for each open parenthesis: whether it starts the head of a statement
    at = 0
    while True:
        if blank := BLANK.match(source, at):
            at = blank.end()
        if at == len(source):
            return found
        token = next_token(source, at, found[-1] if found else END, templates, heads)
        found.append(token)
        at += len(token.text)


def next_token(source, at, previous, templates, heads):
    char = source[at]
    if char == "`" or (char == "}" and templates and templates.pop()):
        return template_part(source, at, templates)
    if char == "{":
        templates.append(False)
    if char == "(":
        heads.append(previous.kind == "word" and previous.text in WORDS_WITH_HEADS)
    if char == ")" and heads and heads.pop():
        return Token("head", char, at)
    if char in "'\"":
        if match := STRING.match(source, at):
            return Token("string", match[0], at)
        raise Fault(at, "a string that does not end")
    if match := WORD.match(source, at):
        return Token("word", match[0], at)
    if match := NUMBER.match(source, at):
        return Token("value", match[0], at)
    if char == "/" and previous.may_precede_regex() and (match := REGEX.match(source, at)):
        return Token("value", match[0], at)
    return Token("mark", char, at)


def template_part(source, at, templates):
    """From a backtick, or the brace that closes a substitution, to the next substitution or the end."""
    end = TEMPLATE.match(source, at + 1).end()
    if source.startswith("${", end):
        templates.append(True)
        return Token("mark", source[at : end + 2], at)
    if source.startswith("`", end):
        return Token("value", source[at : end + 1], at)
    raise Fault(at, "a template that does not end")


def references_of(source):
    tokens = tokens_of(source)
    found = {}
    for i, token in enumerate(tokens):
        if not (token.is_word("import") or token.is_word("export")) or (i > 0 and tokens[i - 1].text == "."):
            continue
        following = tokens[i + 1 : i + 5] + [END] * 4
        if token.text == "export":
            path, is_static = (from_clause(tokens, i + 1) if following[0].text in ("{", "*") else None), True
        elif following[0].text == "(":
            path, is_static = dynamic_path(token, following), False
        elif following[0].text == ".":
            path, is_static = url_path(tokens[max(i - 4, 0) : i], following), False
        else:
            path, is_static = following[0] if following[0].kind == "string" else from_clause(tokens, i + 1), True
        if path:
            found[path.start] = Reference(path.start + 1, path.text[1:-1], is_static)
    return list(found.values())


def from_clause(tokens, at):
    """The string in `{ a, b as c } from '…'`, or None."""
    while at + 1 < len(tokens) and (tokens[at].kind in ("word", "string") or tokens[at].text in "{},*"):
        if tokens[at].is_word("from") and tokens[at + 1].kind == "string":
            return tokens[at + 1]
        at += 1
    return None


def dynamic_path(token, following):
    if following[1].kind != "string" or following[2].text not in (")", ","):
        raise Fault(token.start, "import() without a literal: its file cannot get a hashed name")
    return following[1]


def url_path(before, following):
    """The string in `new URL('…', import.meta.url)`; None for other uses of import.meta, or if it names a folder."""
    is_url = [token.text for token in following[:4]] == [".", "meta", ".", "url"]
    if is_url and len(before) == 4 and before[0].is_word("URL") and before[2].kind == "string":
        return None if before[2].text[1:-1].endswith((".", "/")) else before[2]
    return None
