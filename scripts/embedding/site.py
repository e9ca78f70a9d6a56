"""The files of the site as they are served: their names, and the references to these names.

Scripts and style sheets are minified first (shrinking.py), in one process, and the references in the result are
rewritten, so that names depend on the served content. The names of the page's own files contain a hash of their content,
so that browsers may cache them without revalidation; a reference to a file is part of the content, so a change also
changes the names of all files that load it. Files that import each other in a cycle share one hash over all of them.
"""

import hashlib
import pathlib
import posixpath
import re
from typing import NamedTuple

from embedding import javascript, markup
from embedding.reference import Fault, SiteError
from embedding.shrinking import bundle_script, shrink_scripts, shrink_style

SERVED = {".html", ".css", ".js", ".ts", ".json", ".svg", ".png", ".ico", ".webp", ".woff2", ".txt"}
# Files that other sites link to keep their names, and browsers revalidate them.
STABLE_NAMES = {"globes.js", "globes.d.ts", "globes-chat.js", "robots.txt"}
# A module with a stable name, and the folder of its parts: they are served in it and not by themselves, so that a site that
# embeds the module gets it by one request.
BUNDLES = {"globes.js": "client/"}
ASSETS = "assets"
HASH_DIGITS = 8
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#|$", re.IGNORECASE)


class ServedFile(NamedTuple):
    """`url`: its path on the server. `preloads`: URLs of all that the page loads at once, for a page."""

    url: str
    content: bytes
    is_immutable: bool
    preloads: tuple


class Source:
    """One file of the folder. `references`: pairs of a Reference and the path that it leads to."""

    def __init__(self, path, content):
        self.path = path
        self.content = content
        self.suffix = posixpath.splitext(path)[1]
        self.is_stable = self.suffix == ".html" or path in STABLE_NAMES or path.startswith("favicon.")
        self.modules = []
        self.references = [
            (reference, resolve(path, reference.target))
            for reference in self.find_references()
            if not ELSEWHERE.match(reference.target)
        ]

    @property
    def text(self):
        return self.content.decode("utf-8")

    def find_references(self):
        try:
            if self.suffix == ".js":
                return javascript.references_of(self.text)
            if self.suffix == ".css":
                return markup.references_of_css(self.text)
            if self.suffix == ".html":
                page = markup.PageReader(self.text)
                self.modules = [
                    (start, resolve(self.path, target)) for start, target in page.modules if not ELSEWHERE.match(target)
                ]
                return page.references
        except Fault as fault:
            raise SiteError(f"{self.path}:{self.line_of(fault.start)}: {fault}") from None
        return []

    def loads(self):
        return {(target, reference.is_static) for reference, target in self.references}

    def line_of(self, start):
        return self.text.count("\n", 0, start) + 1


def resolve(path, target):
    """The path in the folder that `target`, read in the file `path`, leads to."""
    target = re.split("[?#]", target)[0]
    base = "" if target.startswith("/") else posixpath.dirname(path)
    return posixpath.normpath(posixpath.join(base, target.lstrip("/")))


class Site:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
        paths = [(file.relative_to(folder).as_posix(), file) for file in files]
        self.sources = {path: Source(path, file.read_bytes()) for path, file in paths}
        if "index.html" not in self.sources:
            raise SiteError(f"{folder}: no index.html")
        self.check()
        self.bundles = {path: parts for path, parts in BUNDLES.items() if path in self.sources}
        self.check_bundles()
        self.shrink(folder)
        self.urls = {path: "/" + path for path, source in self.sources.items() if source.is_stable}
        for ring in self.rings():
            self.name(ring)

    def check(self):
        for path, source in self.sources.items():
            if source.suffix not in SERVED:
                raise SiteError(f"{path}: files of this kind are not served; see SERVED in scripts/embedding/site.py")
            for reference, target in source.references:
                place = f"{path}:{source.line_of(reference.start)}"
                if target not in self.sources:
                    raise SiteError(f"{place}: {reference.target} leads to no file of the site")
                is_bare = source.suffix == ".js" and not reference.target.startswith((".", "/"))
                if is_bare:
                    raise SiteError(f"{place}: {reference.target} is not a relative path: ./{reference.target}")

    def check_bundles(self):
        """A part that another module imports would exist twice there, with two classes of each name."""
        for module, parts in self.bundles.items():
            for path, source in self.sources.items():
                is_inside = path == module or path.startswith(parts)
                for reference, target in source.references:
                    if is_inside != target.startswith(parts):
                        place = f"{path}:{source.line_of(reference.start)}"
                        raise SiteError(f"{place}: {reference.target}: {module} and {parts} are served as one file")

    def shrink(self, folder):
        """Replaces scripts and style sheets by their minified texts. The types of the library stay readable, and pages are
        small enough."""
        bundled = tuple(self.bundles.values())
        for path in [path for path in self.sources if path.startswith(bundled)]:
            del self.sources[path]
        texts = shrink_scripts(folder, [path for path in self.paths_of(".js") if path not in self.bundles])
        texts |= {path: shrink_style(self.sources[path].text) for path in self.paths_of(".css")}
        for path, text in texts.items():
            shrunk = Source(path, text.encode("utf-8"))
            if shrunk.loads() != self.sources[path].loads():
                raise SiteError(f"{path}: does not load the same files when it is shrunk")
            self.sources[path] = shrunk
        for path in self.bundles:
            bundle = Source(path, bundle_script(folder, path).encode("utf-8"))
            if bundle.references:
                raise SiteError(f"{path}: still loads other files when it is bundled")
            self.sources[path] = bundle

    def paths_of(self, suffix):
        return [path for path, source in self.sources.items() if source.suffix == suffix]

    def rings(self):
        """Groups of files whose names depend on each other, usually of one file, each after the groups that it refers to
        (Tarjan's strongly connected components)."""
        order, low, stack, found = {}, {}, [], []

        def visit(path):
            order[path] = low[path] = len(order)
            stack.append(path)
            for _, target in self.sources[path].references:
                if self.sources[target].is_stable:
                    continue
                if target not in order:
                    visit(target)
                if target in stack:
                    low[path] = min(low[path], low[target])
            if low[path] == order[path]:
                begin = stack.index(path)
                found.append(sorted(stack[begin:]))
                del stack[begin:]

        for path, source in self.sources.items():
            if not source.is_stable and path not in order:
                visit(path)
        return found

    def name(self, ring):
        # References between the files of a cycle use their paths until they have names.
        provisional = {path: f"/{ASSETS}/{path}" for path in ring}
        self.urls |= provisional
        digest = hashlib.sha256(b"".join(self.render(path) for path in ring))
        for path in ring:
            own = hashlib.sha256(digest.digest() + path.encode()).hexdigest()[:HASH_DIGITS]
            stem, suffix = posixpath.splitext(provisional[path])
            self.urls[path] = f"{stem}.{own}{suffix}"

    def render(self, path):
        """The content with references to the files' names on the server."""
        source = self.sources[path]
        if not source.references:
            return source.content
        edits = [(r.start, len(r.target), self.reference(path, r, target)) for r, target in source.references]
        edits += [(start, 0, self.preload_tags(module)) for start, module in source.modules]
        text = source.text
        for start, length, replacement in sorted(edits, reverse=True):
            text = text[:start] + replacement + text[start + length :]
        return text.encode("utf-8")

    def reference(self, path, reference, target):
        url = self.urls[target]
        rest = reference.target[len(re.split("[?#]", reference.target)[0]) :]
        if path.endswith(".html"):  # served under more than one address
            return url + rest
        # Relative, so that a page of another origin that loads a module from here loads all of its imports from here.
        relative = posixpath.relpath(url, posixpath.dirname(self.urls[path]))
        return (relative if relative.startswith(".") else "./" + relative) + rest

    def preload_tags(self, module):
        """Without preloads, a browser finds each level of imports only after loading the one above."""
        imported = [path for path in self.loaded_with(module) if path != module and path.endswith(".js")]
        return "".join(f'<link rel="modulepreload" href="{self.urls[path]}">\n' for path in imported)

    def loaded_with(self, path):
        """The paths of all files that are loaded together with `path`, itself first."""
        found = [path]
        for loaded in found:
            targets = [target for reference, target in self.sources[loaded].references if reference.is_static]
            found += [target for target in dict.fromkeys(targets) if target not in found]
        return found

    def served_files(self):
        """The files in the order of their URLs."""
        for path, url in sorted(self.urls.items(), key=lambda item: item[1]):
            loaded = tuple(self.urls[other] for other in self.loaded_with(path)) if path.endswith(".html") else ()
            yield ServedFile(url, self.render(path), not self.sources[path].is_stable, loaded)
