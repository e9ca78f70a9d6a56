"""Minifies scripts and style sheets.

esbuild shrinks the scripts, each by itself: it keeps the names that a module exports and the paths that it imports, and
renames only what no other module sees. It also joins a module and its parts to one file, for the modules that others embed.
Style sheets lose comments and blanks here: esbuild makes them no smaller, compressed.
"""

import pathlib
import re
import subprocess
import tempfile

from embedding.reference import SiteError

# The language version of the sources: esbuild rewrites only newer syntax.
TARGET = "es2022"
ESBUILD = ["esbuild", "--minify", "--format=esm", f"--target={TARGET}", "--charset=utf8", "--legal-comments=none"]
ESBUILD_ERRORS_ONLY = ["--log-level=error", "--log-limit=0", "--color=false"]

CSS_PART = re.compile(
    r"""(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|url\([^"')]*\))|(?P<blank>(?:\s|/\*.*?\*/)+)""",
    re.DOTALL | re.IGNORECASE,
)


def shrink_scripts(folder, paths):
    """The minified texts, by path, of these scripts in the folder. One process for all of them."""
    if not paths:
        return {}
    with tempfile.TemporaryDirectory() as made:
        run_esbuild(folder, ["--outbase=.", f"--outdir={made}", *(f"./{path}" for path in paths)])
        return {path: pathlib.Path(made, path).read_text(encoding="utf-8") for path in paths}


def bundle_script(folder, path):
    """The shrunk text of this module with everything that it imports in it."""
    return run_esbuild(folder, ["--bundle", f"./{path}"])


def run_esbuild(folder, options):
    run = subprocess.run([*ESBUILD, *ESBUILD_ERRORS_ONLY, *options], cwd=folder, capture_output=True, encoding="utf-8")
    if run.returncode != 0:
        raise SiteError(run.stderr.strip())
    return run.stdout


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
    """Removes blanks beside a brace, a semicolon or a comma, and after a colon; before a colon they may separate selectors."""
    run = ""
    for piece, is_string in [*pieces, ("", True)]:
        if not is_string:
            run += piece
            continue
        run = re.sub(r" ?([{};,]) ?", r"\1", run)
        yield re.sub(r": ", ":", run).replace(";}", "}")
        yield piece
        run = ""
