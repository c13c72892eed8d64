// These cases hand bytes over between a thread that does not wait and a copy.
#include "disk/handover.h"

#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

namespace rbdkit::copy {
namespace {

struct Loan final : Operation {
  void Complete(int64_t bytes) override {
    result = bytes;
    ++completed;
  }
  int64_t result = -1;
  int completed = 0;
};

TEST_CASE("handover: loans are used in order, and given back when they are used up") {
  Handover handover;
  std::string a = "abc";
  std::string b = "defgh";
  Loan first;
  Loan second;
  handover.Lend(a.data(), a.size(), &first);
  handover.Lend(b.data(), b.size(), &second);
  handover.End();
  std::string all;
  char buffer[2];
  size_t got = 0;
  do {
    REQUIRE(!handover.Read(buffer, sizeof buffer, &got));
    all.append(buffer, got);
    CHECK((first.completed == 1) == (all.size() >= 3));
  } while (got > 0);
  CHECK(all == "abcdefgh");
  CHECK(first.result == 3);
  CHECK(second.result == 5);
  REQUIRE(!handover.Read(buffer, sizeof buffer, &got));
  CHECK(got == 0);
}

TEST_CASE("handover: what is written fills loans, the last one in part") {
  Handover handover;
  std::vector<std::string> memory(3, std::string(4, '-'));
  std::vector<Loan> loans(memory.size());
  for (size_t i = 0; i < loans.size(); ++i) handover.Lend(memory[i].data(), memory[i].size(), &loans[i]);
  REQUIRE(!handover.Write("abcdef", 6));
  CHECK(memory[0] == "abcd");
  CHECK(memory[1].substr(0, 2) == "ef");
  CHECK(loans[1].result == 2);
  CHECK(loans[2].completed == 0);
  handover.Close();
  CHECK(loans[2].result == 0);
  handover.Close();
  for (const Loan& loan : loans) CHECK(loan.completed == 1);
}

TEST_CASE("handover: closing is not the end of the bytes, and nothing waits after it") {
  for (const bool reads : {true, false}) {
    Handover handover;
    Error error;
    char byte = 'x';
    std::thread waits([&] {
      size_t got = 0;
      error = reads ? handover.Read(&byte, 1, &got) : handover.Write(&byte, 1);
    });
    handover.Close();
    waits.join();
    CHECK(error.code == kCancelled);
    Loan late;
    handover.Lend(&byte, 1, &late);
    CHECK(late.result == 0);
    handover.End();
    size_t got = 1;
    CHECK(handover.Read(&byte, 1, &got).code == kCancelled);
  }
}

TEST_CASE("handover: a loan that is in part used is given back as well") {
  Loan loan;
  std::string bytes = "abc";
  {
    Handover handover;
    handover.Lend(bytes.data(), bytes.size(), &loan);
    char one;
    size_t got = 0;
    REQUIRE(!handover.Read(&one, 1, &got));
    CHECK(loan.completed == 0);
  }
  CHECK(loan.completed == 1);
}

}  // namespace
}  // namespace rbdkit::copy
