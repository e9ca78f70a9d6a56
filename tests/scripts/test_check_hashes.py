from checkout import CheckoutTest


class CheckHashes(CheckoutTest):
    parts = ["src"]

    def test_accepts_the_tree_as_it_is(self):
        self.assert_accepts("check-hashes")

    def test_finds_a_table_whose_hash_a_client_can_calculate(self):
        for table, key in [
            ("unordered_map<std::string, int> names", "std::string"),
            ("unordered_set<std::string_view> names", "std::string_view"),
            ("unordered_multimap<chat::RoomId, std::pair<int, int>> rooms", "chat::RoomId"),
            ("unordered_map<\n    std::string,\n    int> names", "std::string"),
        ]:
            self.write("src/chat/planted.h", f"#pragma once\nstd::{table};\n")
            self.assert_finds("check-hashes", f"src/chat/planted.h:2: the table of {key} needs KeyedHash")

    def test_accepts_a_named_hash_and_keys_that_only_the_server_makes(self):
        for table in [
            "unordered_map<std::string, std::map<int, int>, KeyedHash> names",
            "unordered_set<std::string, KeyedHash> names",
            "unordered_map<ConnectionId, std::string> connections",
            "unordered_set<const chat::Event*> events",
            "unordered_set<std::shared_ptr<Session>> sessions",
        ]:
            self.write("src/chat/planted.h", f"#pragma once\nstd::{table};\n")
            self.assert_accepts("check-hashes")
