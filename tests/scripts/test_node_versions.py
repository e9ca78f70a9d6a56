import json
import re
import unittest

from checkout import ROOT

# The least versions of Node, each with every place that names it: the key `engines`, or a sentence.
LEAST_FOR_TESTS = {
    "tests/api/package.json": None,
    "tests/api/package-lock.json": None,
    "tests/api/README.md": r"in addition to Node (\S+): ",
}
LEAST_FOR_CLIENT = {
    "clients/js/package.json": None,
    "clients/js/README.md": r"browsers and Node \((\S+) and later\)",
    "tests/api/README.md": r"Node (\S+) or later, or Node 18 with",
    "web/globes.js": r"for browsers and for Node from (\S+) on",
}

# What the least version for the tests does not have.
TOO_NEW = re.compile(
    r"\.to(?:Sorted|Reversed|Spliced)\(|import\.meta\.(?:dirname|filename)|Promise\.withResolvers\(|"
    r"(?:Object|Map)\.groupBy\(|Array\.fromAsync\(|AbortSignal\.any\(|\bglob(?:Sync)?\(|mock\.timers|\bt\.(?:assert|plan)\b|"
    r"readFile\([`'\"]/proc/|getBuiltinModule"
)


def named(path, sentence):
    text = (ROOT / path).read_text(encoding="utf-8")
    if sentence:
        return re.findall(sentence, text)
    package = json.loads(text)
    return [package.get("packages", {"": package})[""]["engines"]["node"].removeprefix(">=")]


class NodeVersions(unittest.TestCase):
    def test_all_places_name_the_same(self):
        for places in [LEAST_FOR_TESTS, LEAST_FOR_CLIENT]:
            versions = {path: named(path, sentence) for path, sentence in places.items()}
            first = next(iter(versions.values()))
            self.assertEqual(versions, {path: first for path in places})

    def test_no_other_package_names_one(self):
        files = [file for file in ROOT.glob("**/package.json") if "node_modules" not in file.parts and "build" not in file.parts]
        self.assertGreater(len(files), 5)
        naming = {str(file.relative_to(ROOT)) for file in files if "engines" in json.loads(file.read_text(encoding="utf-8"))}
        self.assertEqual(naming, {"tests/api/package.json", "clients/js/package.json"})

    def test_tests_use_nothing_newer(self):
        scripts = [file for file in ROOT.glob("tests/**/*.js") if "node_modules" not in file.parts]
        self.assertGreater(len(scripts), 80)
        found = [f"{file.relative_to(ROOT)}: {use}" for file in scripts for use in TOO_NEW.findall(file.read_text(encoding="utf-8"))]
        self.assertEqual(found, [])
