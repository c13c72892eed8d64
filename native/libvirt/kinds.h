// Kinds of arguments that only libvirt's functions have, beside those of core/bind.h.
#ifndef RBDKIT_LIBVIRT_KINDS_H_
#define RBDKIT_LIBVIRT_KINDS_H_

#include <cstdlib>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/bind.h"
#include "libvirt/object.h"

namespace rbdkit {

// --- what the function returns -----------------------------------------------------------------------------

// A ReturnsFlag says that the number which the function returns is the value: 1 or 0 for yes or no.
struct ReturnsFlag {
  static constexpr const char* kKind = "";
  explicit ReturnsFlag(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::tuple<>(); }
  static Value Of(int result) { return result == 1; }
};

// A ReturnsNumber says that the number itself is the value: a count, or one of an enum.
struct ReturnsNumber {
  static constexpr const char* kKind = "";
  explicit ReturnsNumber(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::tuple<>(); }
  static Value Of(int result) { return result; }
};

// A MayBeNone says that a null pointer without an error is undefined.
struct MayBeNone {
  static constexpr const char* kKind = "";
  explicit MayBeNone(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::tuple<>(); }
};

// --- what goes in ------------------------------------------------------------------------------------------

// A Destination is another connection, whose object the function opens.
struct Destination : Ref<Connection> {
  using Ref<Connection>::Ref;
};

// Strings are texts and their number.
struct Strings {
  static constexpr const char* kKind = "Names";
  explicit Strings(Call& call) {
    const Napi::Array list = call.Array();
    for (uint32_t i = 0; i < list.Length(); ++i) texts.push_back(list.Get(i).As<Napi::String>().Utf8Value());
  }
  auto C(Task& /*task*/) {
    pointers.clear();
    for (const std::string& text : texts) pointers.push_back(text.c_str());
    return std::make_tuple(pointers.empty() ? nullptr : pointers.data(),
                           static_cast<unsigned>(pointers.size()));
  }
  std::vector<std::string> texts;
  std::vector<const char*> pointers;
};

// Numbers are an array and its length.
template <typename T, typename Size>
struct Numbers {
  static constexpr const char* kKind = "Numbers";
  explicit Numbers(Call& call) {
    const Napi::Array list = call.Array();
    for (uint32_t i = 0; i < list.Length(); ++i) {
      items.push_back(static_cast<T>(list.Get(i).As<Napi::Number>().Int64Value()));
    }
  }
  auto C(Task& /*task*/) { return std::make_tuple(items.data(), static_cast<Size>(items.size())); }
  std::vector<T> items;
};

// CountedNumbers are the same with the length first, as open files are given.
template <typename T>
struct CountedNumbers : Numbers<T, unsigned> {
  using Numbers<T, unsigned>::Numbers;
  auto C(Task& /*task*/) {
    return std::make_tuple(static_cast<unsigned>(this->items.size()), this->items.data());
  }
};

// A Peek is a number of bytes, and the buffer that they come in.
struct Peek {
  static constexpr const char* kKind = "Num";
  explicit Peek(Call& call) : bytes(call.Uint64(), '\0') {}
  auto C(Task& /*task*/) { return std::make_tuple(bytes.size(), static_cast<void*>(bytes.data())); }
  Value Take() { return Value::Bytes(bytes); }
  std::string bytes;
};

// --- what comes out ----------------------------------------------------------------------------------------

// OutText is a text that libvirt allocates.
struct OutText {
  static constexpr const char* kKind = "";
  explicit OutText(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&text); }
  Value Take() {
    const Value value(text);
    free(text);
    return value;
  }
  char* text = nullptr;
};

// OutStrings are as many texts as the function returns, which libvirt allocates.
struct OutStrings {
  static constexpr const char* kKind = "";
  explicit OutStrings(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&texts); }
  bool Again(int64_t result) {
    count = result;
    return false;
  }
  Value Take() {
    std::vector<Value> values;
    for (int64_t i = 0; texts != nullptr && i < count; ++i) {
      values.emplace_back(texts[i]);
      free(texts[i]);
    }
    free(texts);
    return Value::List(std::move(values));
  }
  char** texts = nullptr;
  int64_t count = 0;
};

// OutCpus is a map of CPUs, a bit each, as long as a daemon sends one.
struct OutCpus {
  static constexpr const char* kKind = "";
  static constexpr int kLength = 2048;
  explicit OutCpus(Call& /*call*/) : map(kLength, '\0') {}
  auto C(Task& /*task*/) {
    return std::make_tuple(reinterpret_cast<unsigned char*>(map.data()), static_cast<int>(map.size()));
  }
  Value Take() { return CpusValue(reinterpret_cast<const unsigned char*>(map.data()), map.size()); }
  // The numbers of the CPUs whose bits are set.
  static Value CpusValue(const unsigned char* map, size_t length) {
    std::vector<Value> cpus;
    for (size_t cpu = 0; cpu < 8 * length; ++cpu) {
      if ((map[cpu / 8] >> (cpu % 8)) & 1) cpus.emplace_back(static_cast<uint32_t>(cpu));
    }
    return Value::List(std::move(cpus));
  }
  std::string map;
};

// OutCounters are names and numbers that libvirt writes into an array of ours. Without one it says how many
// there are.
template <typename T>
struct OutCounters {
  static constexpr const char* kKind = "";
  explicit OutCounters(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(counters.empty() ? nullptr : counters.data(), &count); }
  bool Again(int64_t result) {
    if (result != 0 || !counters.empty() || count <= 0) return false;
    counters.resize(static_cast<size_t>(count));
    return true;
  }
  Value Take() {
    std::vector<Value> pairs;
    for (size_t i = 0; i < counters.size() && i < static_cast<size_t>(count); ++i) {
      pairs.push_back(Value::List({Value(counters[i].field), Value::Number(counters[i].value)}));
    }
    return Value::List(std::move(pairs));
  }
  std::vector<T> counters;
  int count = 0;
};

// OutObjects is a list of objects that libvirt allocates, ended by a null pointer.
template <typename T>
struct OutObjects {
  static constexpr const char* kKind = "";
  explicit OutObjects(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&list); }
  template <typename Self>
  Value Take(Self& self) {
    std::vector<Value> values;
    for (size_t i = 0; list != nullptr && list[i] != nullptr; ++i) {
      values.push_back(Described(std::make_shared<T>(ConnectionOf(self), list[i])));
    }
    free(list);
    return Value::List(std::move(values));
  }
  typename T::Pointer* list = nullptr;
};

// OutStructs are as many structures as the function returns, each of which libvirt allocates and `kFree`
// frees.
template <typename T, auto kDescribe, auto kFree>
struct OutStructs {
  static constexpr const char* kKind = "";
  explicit OutStructs(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(&list); }
  bool Again(int64_t result) {
    count = result;
    return false;
  }
  Value Take() {
    std::vector<Value> values;
    for (int64_t i = 0; list != nullptr && i < count; ++i) {
      values.push_back(kDescribe(*list[i]));
      bind::InTable(kFree)(list[i]);
    }
    free(list);
    return Value::List(std::move(values));
  }
  T** list = nullptr;
  int64_t count = 0;
};

}  // namespace rbdkit

#endif  // RBDKIT_LIBVIRT_KINDS_H_
