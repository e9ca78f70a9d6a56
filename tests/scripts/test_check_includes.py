from checkout import CheckoutTest


class CheckIncludes(CheckoutTest):
    parts = ["src"]

    def test_accepts_the_tree_as_it_is(self):
        self.assert_accepts("check-includes")

    def test_lets_main_include_everything(self):
        self.write("src/main.cc", '#include "api/wire/errors.h"\n#include "store/sqlite/store.h"\n')
        self.assert_accepts("check-includes")

    def test_finds_the_network_knowing_the_domain(self):
        self.write("src/net/planted.h", '#pragma once\n#include "chat/event.h"\n')
        self.assert_finds("check-includes", 'src/net/planted.h:2: net must not include "chat/event.h"')

    def test_finds_the_domain_knowing_the_network(self):
        self.write("src/chat/planted.cc", '#include "net/http_message.h"\n')
        self.assert_finds("check-includes", "src/chat/planted.cc:1")

    def test_finds_the_log_knowing_the_network(self):
        self.write("src/roomlog/planted.cc", '#include "net/topic.h"\n')
        self.assert_finds("check-includes", "src/roomlog/planted.cc:1")

    def test_finds_any_folder_used_by_the_base(self):
        self.write("src/base/planted.cc", '#include "roomlog/slice.h"\n')
        self.assert_finds("check-includes", "src/base/planted.cc:1")

    def test_finds_sockets_databases_and_json_in_the_domain(self):
        for header in ["boost/asio/io_context.hpp", "sqlite3.h", "boost/json.hpp"]:
            self.write("src/chat/planted.cc", f"#  include <{header}>\n")
            self.assert_finds("check-includes", f"src/chat/planted.cc:1: chat must not use <{header}>")

    def test_finds_one_store_using_another(self):
        self.write("src/store/memory/planted.cc", '#include "store/sqlite/store.h"\n')
        self.assert_finds("check-includes", "src/store/memory/planted.cc:1")

    def test_finds_a_store_using_more_of_the_domain_than_its_port(self):
        self.write("src/store/sqlite/planted.cc", '#include "chat/store.h"\n#include "chat/room_rules.h"\n')
        self.assert_finds("check-includes", "src/store/sqlite/planted.cc:2", "1 wrong includes")

    def test_finds_the_load_generator_using_the_server(self):
        self.write("src/bench/planted.cc", '#include "base/clock.h"\n#include "net/ws_frame.h"\n#include "api/wire/errors.h"\n')
        self.assert_finds("check-includes", "src/bench/planted.cc:2", "src/bench/planted.cc:3", "2 wrong includes")

    def test_finds_one_part_of_the_api_using_another(self):
        self.write("src/api/rest/planted.cc", '#include "api/exchange.h"\n#include "api/ws/chat_socket.h"\n')
        self.assert_finds("check-includes", 'src/api/rest/planted.cc:2: api/rest must not include "api/ws/chat_socket.h"', "1 wrong includes")

    def test_finds_shared_files_of_the_api_using_a_part_or_the_routes(self):
        self.write("src/api/planted.cc", '#include "api/wire/errors.h"\n#include "api/rest/rooms.h"\n#include "api/routes.h"\n')
        self.assert_finds("check-includes", "src/api/planted.cc:2", "src/api/planted.cc:3", "2 wrong includes")

    def test_finds_an_include_without_its_folder(self):
        self.write("src/roomlog/planted.cc", '#include "frame.h"\n')
        self.assert_finds("check-includes", 'src/roomlog/planted.cc:1: "frame.h" is not a path below src')

    def test_finds_a_folder_that_has_no_rule(self):
        self.write("src/helpers/planted.h", "#pragma once\n")
        self.assert_finds("check-includes", "src/helpers/planted.h")

    def test_a_folder_without_sources_is_a_fault(self):
        for file in self.root.rglob("*.*"):
            file.unlink(missing_ok=True)
        self.assert_finds("check-includes", "no sources")
