import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from checkout import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from embedding.reference import SiteError  # noqa: E402
from embedding.shrinking import bundle_script, shrink_scripts, shrink_style  # noqa: E402

# What a minifier may break: strings with what looks like comments, templates, patterns, line breaks that end statements,
# private members, names that are seen from outside.
MODULE = r"""
import { twice as double, unused } from './other.js';
export * from './other.js';
export { inner as outer };

/* A comment */
const style = `
    .row  {  color: red; /* kept */ }
    .name { content: "//  ${double(2)}"; }
`;
const inner = (word, ...more) => `${word} ${`(${more.join(', ')})`}`;
export default class Counter {
    static made = 0;
    #count = 1;
    static { Counter.made += 1; }
    get count() { return this.#count; }
    countUp() { this.#count++
        return this }
    static #secret(counter) { return #count in counter; }
    static knows = (counter) => Counter.#secret(counter);
}
export async function* numbers(most) { for (let i = 0; i < most; i++) yield i; }
export const later = async () => (await import('./other.js')).twice('later'.length);
export const result = {
    style, 'long-key': 1_000, text: '//  not /* a */ comment', tagged: String.raw`\n  ${1}`,
    matches: ["it's", 'b'].filter((text) => { for (const one of text) { if (/['"]/.test(one)) return true; } }),
    umlaut: 'Grüße 🎈', nothing: undefined ?? null, half: 4 / 2 / 1, sum: 1 + +1 - -1,
}
;[result.first] = [inner('a', 'b', 'c')]
"""
OTHER = "export function twice(value) { return value * 2 } export let unused = 1; export { twice as 'a name' };"
# Prints what each module of a folder exports, with all values that are data; a few need something of a browser.
EXPORTS = """
globalThis.HTMLElement = class {};
const stub = new Proxy(function () {}, { get: (_, key) => (key === Symbol.toPrimitive ? () => '' : stub), apply: () => stub });
for (const name of ['customElements', 'document']) globalThis[name] = stub;
const dataOf = (_, value) => (typeof value === 'function' ? `function of ${value.length}` : value);
const found = {};
for (const path of JSON.parse(process.argv[2])) {
    const exported = await import(`file://${process.argv[1]}/${path}`);
    found[path] = Object.keys(exported).map((name) => [name, typeof exported[name], JSON.stringify(exported[name], dataOf)]);
}
console.log(JSON.stringify(found));
process.exit();
"""
RUN = """
import Counter, { later, numbers, outer, result, twice } from './module.js';
const counted = [];
for await (const number of numbers(3)) counted.push(number);
const counter = new Counter().countUp();
console.log(JSON.stringify([counter.count, Counter.made, Counter.knows(counter), await later(), counted, outer(1, 2), twice(4), result]));
"""


def in_node(arguments):
    run = subprocess.run(["node", *arguments], capture_output=True, encoding="utf-8")
    if run.returncode != 0:
        raise AssertionError(run.stderr)
    return run.stdout


class ShrinkingTest(unittest.TestCase):
    def folder(self, files):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        # Node reads scripts as modules below it.
        for path, text in {"package.json": '{"type": "module"}', **files}.items():
            file = pathlib.Path(made.name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return made.name

    def shrunk(self, text):
        return shrink_scripts(self.folder({"a.js": text}), ["a.js"])["a.js"]


class Scripts(ShrinkingTest):
    def test_comments_blanks_and_long_names_go(self):
        shrunk = self.shrunk("/*! L */ // A\nlet number = f();\n\n    g(number);\n")
        self.assertRegex(shrunk, r"^let (\w)=f\(\);g\(\1\);\n$")

    def test_every_path_that_is_imported_stays(self):
        for text, expected in {
            "import './a.js';": 'import"./a.js";',
            "import { b } from './a.js'; b();": 'from"./a.js";',
            "import { b } from './a.js';": 'import"./a.js";',
            "export * from './a.js';": 'export*from"./a.js";',
            "import(/* the room */ './room/b.js').then(f);": 'import("./room/b.js").then(f);',
            "f(new URL('./a.js', import.meta.url));": 'new URL("./a.js",import.meta.url)',
        }.items():
            self.assertIn(expected, self.shrunk(text))

    def test_the_contents_of_templates_stay(self):
        style = "`\n    .row  {  color: red; } /* A */\n    .name { top: ${f()}px }\n`"
        self.assertIn(style, self.shrunk(f"g({style});"))

    def test_text_beyond_ascii_stays_as_it_is(self):
        self.assertEqual(self.shrunk("f('Grüße 🎈');"), 'f("Grüße \U0001F388");\n')

    def test_a_syntax_error_names_file_and_line(self):
        folder = self.folder({"good.js": "f();", "room/bad.js": "f();\n\nlet a = 1 b;\n"})
        with self.assertRaisesRegex(SiteError, "room/bad.js:3:"):
            shrink_scripts(folder, ["good.js", "room/bad.js"])

    @unittest.skipUnless(shutil.which("node"), "needs node")
    def test_a_shrunk_module_behaves_like_its_source(self):
        sources = {"module.js": MODULE, "other.js": OTHER}
        shrunk = shrink_scripts(self.folder(sources), list(sources))
        self.assertLess(len(shrunk["module.js"]), 0.8 * len(MODULE))
        outputs = [in_node([self.folder({**texts, "run.js": RUN}) + "/run.js"]) for texts in (sources, shrunk)]
        self.assertEqual(outputs[0], outputs[1])
        self.assertIn("Grüße", outputs[0])

    @unittest.skipUnless(shutil.which("node"), "needs node")
    def test_the_scripts_of_the_site_export_the_same(self):
        web = ROOT / "web"
        paths = sorted(script.relative_to(web).as_posix() for script in web.rglob("*.js"))
        self.assertGreater(len(paths), 40)
        sources = {path: (web / path).read_text(encoding="utf-8") for path in paths}
        importable = json.dumps([path for path in paths if path not in ("app.js", "demo.js")])  # these two export nothing
        exports = [
            json.loads(in_node(["--input-type=module", "-e", EXPORTS, self.folder(files), importable]))
            for files in (sources, shrink_scripts(web, paths))
        ]
        self.assertEqual(exports[0], exports[1])
        self.assertIn("GlobesError", [name for name, *_ in exports[0]["globes.js"]])

    @unittest.skipUnless(shutil.which("node"), "needs node")
    def test_the_errors_of_the_library_keep_their_names(self):
        library = self.folder({"globes.js": bundle_script(ROOT / "web", "globes.js")}) + "/globes.js"
        script = f"""
            const errors = Object.entries(await import('file://{library}')).filter(([name]) => name.endsWith('Error'));
            console.log(JSON.stringify(errors.map(([name, Class]) => [name, new Class('message').name])));
        """
        names = json.loads(in_node(["--input-type=module", "-e", script]))
        self.assertGreater(len(names), 5)
        for name, said in names:
            self.assertEqual(said, name)

    @unittest.skipUnless(shutil.which("node"), "needs node")
    def test_a_bundle_has_the_exports_of_its_module(self):
        web = ROOT / "web"
        sources = {script.relative_to(web).as_posix(): script.read_text(encoding="utf-8") for script in web.rglob("*.js")}
        exports = [
            json.loads(in_node(["--input-type=module", "-e", EXPORTS, self.folder(files), '["globes.js"]']))
            for files in (sources, {"globes.js": bundle_script(web, "globes.js")})
        ]
        self.assertEqual(exports[0], exports[1])
        self.assertEqual(len(exports[0]["globes.js"]), 14)


class Styles(unittest.TestCase):
    def test_comments_and_blanks_go(self):
        source = "/* A */\na,\nb > c {\n    color: red; /* B */\n    margin: 0 auto;\n}\n"
        self.assertEqual(shrink_style(source), "a,b > c{color:red;margin:0 auto}")

    def test_blanks_that_mean_something_stay(self):
        for source in ["a :hover{b:c}", "a{b:calc(1px + 2px)}", "@media (a:b) and (c:d){e{f:g}}", "a{b:'  {  ;  /* */  '}",
                       'a{b:url( "c  d" )}', "a{b:url(data:c,  d)}"]:
            self.assertEqual(shrink_style(source), source)


if __name__ == "__main__":
    unittest.main()
