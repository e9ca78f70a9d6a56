import ast
import gzip
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

from checkout import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

from embedding.javascript import references_of  # noqa: E402
from embedding.reference import SiteError  # noqa: E402
from embedding.site import Site  # noqa: E402

PAGE = '<!DOCTYPE html>\n<link rel="stylesheet" href="/style.css">\n<script type="module" src="/app.js"></script>\n'
FIRST_LOAD_BYTES = 60_000


class SiteTest(unittest.TestCase):
    """A folder with a page, a style sheet and a program; `files` (by path) come beside or in place of them."""

    def site(self, files=None):
        return Site(self.folder(files or {}))

    def folder(self, files):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for path, content in {"index.html": PAGE, "style.css": "", "app.js": "", **files}.items():
            file = pathlib.Path(folder.name, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return folder.name

    def text(self, site, path):
        return site.render(path).decode()

    def file_name(self, site, path):
        return site.urls[path].rsplit("/", 1)[1]

    def fault(self, files):
        with self.assertRaises(SiteError) as caught:
            self.site(files)
        return str(caught.exception)


class Names(SiteTest):
    def test_the_pages_own_files_have_a_hash_in_their_names(self):
        site = self.site({"room/view.js": ""})
        self.assertRegex(site.urls["app.js"], r"^/assets/app\.[0-9a-f]{8}\.js$")
        self.assertRegex(site.urls["room/view.js"], r"^/assets/room/view\.[0-9a-f]{8}\.js$")

    def test_files_that_other_sites_link_to_keep_their_names(self):
        stable = ["index.html", "demo.html", "globes.js", "globes.d.ts", "globes-chat.js", "favicon.svg", "robots.txt"]
        site = self.site({path: "" for path in stable})
        self.assertEqual([site.urls[path] for path in stable], ["/" + path for path in stable])
        immutable = {file.url for file in site.served_files() if file.is_immutable}
        self.assertEqual(immutable, {site.urls["app.js"], site.urls["style.css"]})

    def test_a_change_renames_all_that_load_the_file_and_nothing_else(self):
        files = {"app.js": "import './a.js';", "a.js": "import('./b.js');", "b.js": "f(1);", "c.js": "f(2);"}
        before = self.site(files)
        after = self.site({**files, "b.js": "f(3);"})
        for path in ("app.js", "a.js", "b.js"):
            self.assertNotEqual(before.urls[path], after.urls[path])
        self.assertEqual(before.urls["c.js"], after.urls["c.js"])
        self.assertEqual(before.urls, self.site(files).urls)

    def test_files_that_import_each_other_are_named_together(self):
        files = {
            "app.js": "import './a.js';",
            "a.js": "import './b.js';",
            "b.js": "import './c.js';",
            "c.js": "import './a.js'; import './d.js';",
            "d.js": "f(1);",
        }
        before = self.site(files)
        self.assertIn(self.file_name(before, "a.js"), self.text(before, "c.js"))
        after = self.site({**files, "b.js": "import './c.js'; f(2);"})
        for path in ("app.js", "a.js", "b.js", "c.js"):
            self.assertNotEqual(before.urls[path], after.urls[path])
        self.assertEqual(before.urls["d.js"], after.urls["d.js"])
        self.assertNotEqual(before.urls["a.js"], self.site({**files, "d.js": "f(2);"}).urls["a.js"])

    def test_a_file_may_refer_to_itself(self):
        site = self.site({"app.js": "f(new URL('./app.js', import.meta.url));"})
        self.assertIn(f'"./{self.file_name(site, "app.js")}"', self.text(site, "app.js"))

    def test_a_stable_name_does_not_depend_on_its_file(self):
        before = self.site({"app.js": "import './globes.js';", "globes.js": "f(1);"})
        after = self.site({"app.js": "import './globes.js';", "globes.js": "f(2);"})
        self.assertEqual(before.urls, after.urls)
        self.assertEqual(self.text(after, "app.js"), 'import"../globes.js";\n')
        self.assertNotEqual(self.text(before, "globes.js"), self.text(after, "globes.js"))


class Bundles(SiteTest):
    FILES = {
        "app.js": "import { a } from './globes.js'; a();",
        "globes.js": "export { a } from './client/a.js';",
        "client/a.js": "import { text } from './b.js'; export const a = () => f(text);",
        "client/b.js": "export const text = 'part';",
    }

    def test_the_library_is_served_as_one_file(self):
        site = self.site(self.FILES)
        self.assertEqual([url for url in site.urls.values() if "client" in url], [])
        self.assertEqual(references_of(self.text(site, "globes.js")), [])
        self.assertIn("part", self.text(site, "globes.js"))

    def test_a_changed_part_changes_the_library_and_no_name(self):
        before = self.site(self.FILES)
        after = self.site({**self.FILES, "client/b.js": "export const text = 'other part';"})
        self.assertEqual(before.urls, after.urls)
        self.assertNotEqual(self.text(before, "globes.js"), self.text(after, "globes.js"))

    def test_nothing_else_imports_a_part(self):
        fault = self.fault({**self.FILES, "app.js": "f();\nimport './client/b.js';"})
        self.assertEqual(fault, "app.js:2: ./client/b.js: globes.js and client/ are served as one file")

    def test_a_part_imports_nothing_from_outside(self):
        fault = self.fault({**self.FILES, "client/b.js": "import '../app.js'; export const text = '';"})
        self.assertEqual(fault, "client/b.js:1: ../app.js: globes.js and client/ are served as one file")


class JavaScript(SiteTest):
    def targets(self, text):
        """What is loaded, each cut out of the text where it was found."""
        found = references_of(text)
        for reference in found:
            self.assertTrue(text.startswith(reference.target, reference.start), text)
        return [reference.target for reference in found]

    def test_every_form_of_import_is_found(self):
        for form in [
            "import '{}';",
            'import "{}";',
            "import a from '{}';",
            "import * as a from '{}'",
            "import {{ a, b as c }} from '{}';",
            "import a, {{\n    b, // not the 'end'\n    from,\n}} from '{}';",
            "import {{ 'a name' as b }} from '{}';",
            "import styles from '{}' with {{ type: 'css' }};",
            "export * from '{}';",
            "export * as a from '{}';",
            "export {{ a, b as default }} from '{}';",
            "const a = await import('{}');",
            "import(/* the room */ '{}').then(({{ a }}) => a());",
            "const url = new URL('{}', import.meta.url);",
            "const text = `${{await import('{}')}}`;",
            "if (a) {{ b / 2; }} import('{}');",
            "const quote = /[/'\"`]/.test(a) ? a / b : /'/; import('{}');",
            "for(const a of b)/'/.test(a)&&c((a)/b);import('{}');",
            "if(a(b))/'/.test(c)||d();import('{}');",
        ]:
            self.assertEqual(self.targets(form.format("./a.js")), ["./a.js"], form)

    def test_text_that_only_looks_like_an_import_does_not_change(self):
        for text in [
            "// import './gone.js'",
            "/* import './gone.js' */",
            "/** @type {import('./gone.js').Room} */ let room;",
            "const text = \"import './gone.js'\";",
            "const text = `import './gone.js' ${'import(\"./gone.js\")'}`;",
            "const pattern = /import '.\\/gone.js'/;",
            "loader.import('./gone.js');",
            "export { a };\nconst from = './gone.js';",
            "export const from = './gone.js';",
            "export default './gone.js';",
            "const url = new URL('./gone.js', location.href);",
            "const folder = new URL('.', import.meta.url);",
        ]:
            self.assertEqual(self.targets(text), [], text)

    def test_each_path_is_rewritten_where_it_stands(self):
        text = "import { a } from './a.js'; a('./a.js', `./a.js`); import('./room/view.js').then(a); export * from './a.js';"
        site = self.site({"app.js": text, "a.js": "", "room/view.js": ""})
        a, view = self.file_name(site, "a.js"), self.file_name(site, "room/view.js")
        result = self.text(site, "app.js")
        for part in (f'from"./{a}"', f'import("./room/{view}")', f'export*from"./{a}"'):
            self.assertIn(part, result)
        self.assertEqual(result.count(a), 2)
        self.assertEqual(result.count("./a.js"), 2)

    def test_paths_are_relative_to_the_file_that_has_them(self):
        site = self.site({"room/view.js": "import '../a.js'; import './b.js';", "room/b.js": "", "a.js": ""})
        expected = f'import"../{self.file_name(site, "a.js")}";import"./{self.file_name(site, "room/b.js")}";\n'
        self.assertEqual(self.text(site, "room/view.js"), expected)

    def test_paths_in_a_script_that_other_sites_load_are_relative_to_it(self):
        site = self.site({"globes-chat.js": "import './room/view.js';", "room/view.js": ""})
        self.assertEqual(self.text(site, "globes-chat.js"), f'import".{site.urls["room/view.js"]}";\n')

    def test_characters_beyond_ascii_do_not_move_the_rewritten_paths(self):
        site = self.site({"app.js": "f('Grüße 🎈'); import('./a.js');", "a.js": ""})
        self.assertEqual(self.text(site, "app.js"), f'f("Grüße 🎈"),import("./{self.file_name(site, "a.js")}");\n')

    def test_faults_name_file_and_line(self):
        for text, words in {
            "1;\nimport './gone.js';": "app.js:2: ./gone.js leads to no file of the site",
            "import '../../etc.js';": "app.js:1: ../../etc.js leads to no file of the site",
            "import 'app.js';": "app.js:1: app.js is not a relative path: ./app.js",
            "\n\nimport(name);": "app.js:3: import() without a literal",
            "const a = `\n": "app.js:1: a template that does not end",
            "f();\nlet a = 1 b;": "app.js:2:",
            "if (false) import('./app.js');": "app.js: does not load the same files when it is shrunk",
        }.items():
            self.assertIn(words, self.fault({"app.js": text}))


class Pages(SiteTest):
    def test_pages_refer_to_the_hashed_names_from_the_root(self):
        site = self.site()
        page = self.text(site, "index.html")
        self.assertIn(f'href="{site.urls["style.css"]}"', page)
        self.assertIn(f'src="{site.urls["app.js"]}"', page)

    def test_the_imports_of_a_module_are_loaded_together_with_it(self):
        site = self.site(
            {"app.js": "import './a.js'; import('./later.js');", "a.js": "import './b.js';", "b.js": "", "later.js": ""}
        )
        page = self.text(site, "index.html")
        preloaded = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
        self.assertEqual(preloaded, [site.urls["a.js"], site.urls["b.js"]])
        loaded = next(file.preloads for file in site.served_files() if file.url == "/index.html")
        self.assertEqual(set(loaded), {"/index.html", *(site.urls[p] for p in ("style.css", "app.js", "a.js", "b.js"))})

    def test_links_and_other_hosts_are_left_alone(self):
        page = PAGE + '<a href="/chats">Rooms</a><link rel="license" href="https://example.org/a.css"><a href="app.js">'
        self.assertTrue(self.text(self.site({"index.html": page}), "index.html").endswith(page[len(PAGE) :]))

    def test_markup_that_the_policy_forbids_is_a_fault(self):
        for markup, words in {
            "<script>run();</script>": "index.html:4: an inline <script>",
            "<style>p {}</style>": "an inline <style>",
            '<p style="color: red">': "the attribute style",
            '<p onclick="run()">': "the attribute onclick",
            '<img src="gone.png">': "index.html:4: gone.png leads to no file",
        }.items():
            self.assertIn(words, self.fault({"index.html": PAGE + markup}))

    def test_style_sheets_refer_to_the_hashed_names(self):
        style = "@import 'base.css'; a { background: url(a.svg), url( \"a.svg#b\" ), url(data:image/png;base64,AA==) }"
        site = self.site({"style.css": style + " /* url(gone.png) */", "base.css": "", "a.svg": "<svg/>"})
        base, picture = self.file_name(site, "base.css"), self.file_name(site, "a.svg")
        self.assertEqual(
            self.text(site, "style.css"),
            f"@import './{base}';a{{background:url(./{picture}),url( \"./{picture}#b\" ),url(data:image/png;base64,AA==)}}",
        )

    def test_only_known_kinds_of_files_are_served(self):
        self.assertIn("notes.doc: files of this kind are not served", self.fault({"notes.doc": ""}))

    def test_hidden_files_are_left_out(self):
        self.assertNotIn(".secret.js", self.site({".secret.js": ""}).urls)


class Script(SiteTest):
    def run_on(self, folder):
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        output = pathlib.Path(made.name, "site.cc")
        run = subprocess.run([ROOT / "scripts/embed-site", folder, output], capture_output=True, text=True)
        return run, output.read_text(encoding="ascii") if output.exists() else ""

    def forms(self, source, path):
        """The bytes of the three forms, as a C++ compiler would read them: the escapes are Python's too."""
        begin = source.index(f'{{"{path}"')
        views = []
        for match in re.finditer(r"std::string_view\(\n(.*?), (\d+)\)(?=[,}])", source[begin:], re.DOTALL):
            content = b"".join(ast.literal_eval("b" + line.strip()) for line in match[1].splitlines())
            self.assertEqual(len(content), int(match[2]))
            views.append(content)
            if len(views) == 3:
                break
        return views

    def test_every_form_holds_the_same_bytes(self):
        every_byte = bytes(range(256)) * 64 + b'??/"\\'
        run, source = self.run_on(self.folder({"favicon.ico": every_byte}))
        self.assertEqual(run.returncode, 0, run.stderr)
        identity, zipped, brotli = self.forms(source, "/favicon.ico")
        self.assertEqual(identity, every_byte)
        self.assertEqual(gzip.decompress(zipped), every_byte)
        unpacked = subprocess.run(["brotli", "-d", "-c", "-"], input=brotli, capture_output=True, check=True).stdout
        self.assertEqual(unpacked, every_byte)
        self.assertLess(len(zipped), len(every_byte))

    def test_a_form_that_is_not_smaller_is_left_out(self):
        _, source = self.run_on(self.folder({"robots.txt": "a", "favicon.ico": b""}))
        self.assertEqual(self.forms(source, "/robots.txt"), [b"a", b"", b""])
        self.assertEqual(self.forms(source, "/favicon.ico"), [b"", b"", b""])

    def test_the_same_folder_makes_the_same_source(self):
        folder = self.folder({})
        self.assertEqual(self.run_on(folder)[1], self.run_on(folder)[1])

    def test_a_fault_ends_the_build_with_its_place(self):
        for text, words in {
            "import './gone.js';": "app.js:1: ./gone.js leads to no file of the site",
            "f();\nlet a = 1 b;": "app.js:2:",
        }.items():
            run, source = self.run_on(self.folder({"app.js": text}))
            self.assertEqual((run.returncode, source), (1, ""))
            self.assertIn(words, run.stderr)
            self.assertNotIn("Traceback", run.stderr)

    def test_the_first_load_of_the_page_stays_small(self):
        run, _ = self.run_on(ROOT / "web")
        weight = re.search(r"^/index\.html: (\d+) bytes", run.stdout, re.MULTILINE)
        self.assertIsNotNone(weight, run.stderr)
        self.assertLessEqual(int(weight[1]), FIRST_LOAD_BYTES)
