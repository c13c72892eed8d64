// Statistics of many domains by one call each. On the connection's executors, which also pack them.
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libvirt/row.h"

namespace rbdkit {

namespace {

// A Packer puts records into few values, for each value costs JavaScript's thread time to make. Domains that
// are alike have the same parameters in the same order: this shape is told once, as one text of kinds and
// names. What records have of their own are numbers, in one array, and texts, in one text. C's texts have no
// NUL inside, so it ends each of them.
class Packer {
 public:
  void Add(const virDomainStatsRecord& record) {
    const DomainFacts facts(record.dom);
    Put(facts.name);
    Put(facts.uuid);
    numbers_.push_back(ShapeOf(record));
    for (int i = 0; i < record.nparams; ++i) PutValue(record.params[i]);
    if (numbers_.size() + texts_count_ >= kSlice) EndSlice();
  }

  // The records that were added must still be there.
  Value Take() {
    if (!numbers_.empty()) EndSlice();
    return Value::Fields({{"shapes", Value::Texts(shapes_)}, {"slices", Value::List(std::move(slices_))}});
  }

 private:
  // A slice is what JavaScript's thread makes into objects in one turn of its loop: about a millisecond.
  static constexpr size_t kSlice = 10'000;

  static char KindOf(const virTypedParameter& param) {
    switch (param.type) {
      case VIR_TYPED_PARAM_INT:
      case VIR_TYPED_PARAM_UINT:
      case VIR_TYPED_PARAM_LLONG:
      case VIR_TYPED_PARAM_ULLONG:
      case VIR_TYPED_PARAM_DOUBLE:
        return 'n';
      case VIR_TYPED_PARAM_BOOLEAN:
        return 'b';
      case VIR_TYPED_PARAM_STRING:
        return 's';
    }
    return '-';  // a type that is newer than rbdkit
  }

  static bool Alike(const virDomainStatsRecord& one, const virDomainStatsRecord& other) {
    if (one.nparams != other.nparams) return false;
    for (int i = 0; i < one.nparams; ++i) {
      if (KindOf(one.params[i]) != KindOf(other.params[i])) return false;
      if (strcmp(one.params[i].field, other.params[i].field) != 0) return false;
    }
    return true;
  }

  double ShapeOf(const virDomainStatsRecord& record) {
    // Most often it is the one of the record before, which is seen without making the text.
    if (last_ == nullptr || !Alike(*last_, record)) {
      std::string shape;
      for (int i = 0; i < record.nparams; ++i) {
        shape += KindOf(record.params[i]);
        shape.append(record.params[i].field).push_back('\0');
      }
      const auto [found, is_new] = numbers_of_shapes_.emplace(std::move(shape), shapes_.size());
      if (is_new) shapes_.push_back(found->first);
      last_shape_ = static_cast<double>(found->second);
    }
    last_ = &record;
    return last_shape_;
  }

  void PutValue(const virTypedParameter& param) {
    switch (param.type) {
      case VIR_TYPED_PARAM_INT:
        return numbers_.push_back(param.value.i);
      case VIR_TYPED_PARAM_UINT:
        return numbers_.push_back(param.value.ui);
      case VIR_TYPED_PARAM_LLONG:
        return numbers_.push_back(static_cast<double>(param.value.l));
      case VIR_TYPED_PARAM_ULLONG:
        return numbers_.push_back(static_cast<double>(param.value.ul));
      case VIR_TYPED_PARAM_DOUBLE:
        return numbers_.push_back(param.value.d);
      case VIR_TYPED_PARAM_BOOLEAN:
        return numbers_.push_back(param.value.b != 0 ? 1 : 0);
      case VIR_TYPED_PARAM_STRING:
        return Put(Text(param.value.s));
    }
  }

  void Put(const std::string& text) {
    texts_.append(text).push_back('\0');
    ++texts_count_;
  }

  void EndSlice() {
    slices_.push_back(Value::Fields(
        {{"numbers", Value::Numbers(std::move(numbers_))}, {"texts", Value(std::move(texts_))}}));
    numbers_.clear();
    texts_.clear();
    texts_count_ = 0;
  }

  std::vector<std::string> shapes_;
  std::unordered_map<std::string, size_t> numbers_of_shapes_;
  const virDomainStatsRecord* last_ = nullptr;
  double last_shape_ = 0;  // of last_
  std::vector<double> numbers_;
  std::string texts_;
  size_t texts_count_ = 0;
  std::vector<Value> slices_;
};

// Packs what libvirt allocates, and frees it.
Value TakeRecords(virDomainStatsRecordPtr* records, int count) {
  Packer packer;
  for (int i = 0; i < count; ++i) packer.Add(*records[i]);
  Value packed = packer.Take();
  if (records != nullptr) Libvirt().virDomainStatsRecordListFree(records);
  return packed;
}

// virConnectGetAllDomainStats(slot, connection, groups, flags)
void VirConnectGetAllDomainStats(Call& call) {
  auto connection = call.Handle<Connection>();
  const auto groups = static_cast<unsigned>(call.Int64());
  const auto flags = static_cast<unsigned>(call.Int64());
  call.Run(connection, [connection = connection.get(), groups, flags](Task& task) {
    virDomainStatsRecordPtr* records = nullptr;
    const int count = Libvirt().virConnectGetAllDomainStats(connection->get(), groups, &records, flags);
    if (count < 0) return Fail(task);
    task.value = TakeRecords(records, count);
  });
}

// virDomainListGetStats(slot, connection, domains, groups, flags)
void VirDomainListGetStats(Call& call) {
  auto connection = call.Handle<Connection>();
  const Napi::Array list = call.Array();
  std::vector<std::shared_ptr<Domain>> domains;
  Call part(call, list);
  for (uint32_t i = 0; i < list.Length(); ++i) domains.push_back(part.Handle<Domain>());
  const auto groups = static_cast<unsigned>(call.Int64());
  const auto flags = static_cast<unsigned>(call.Int64());
  call.Run(connection, [domains = std::move(domains), groups, flags](Task& task) {
    std::vector<virDomainPtr> pointers;
    for (const auto& domain : domains) pointers.push_back(domain->get());
    pointers.push_back(nullptr);
    virDomainStatsRecordPtr* records = nullptr;
    const int count = Libvirt().virDomainListGetStats(pointers.data(), groups, &records, flags);
    if (count < 0) return Fail(task);
    task.value = TakeRecords(records, count);
  });
}

}  // namespace

void ExportDomainStats(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virConnectGetAllDomainStats", VirConnectGetAllDomainStats);
  ExportTask(env, exports, "virDomainListGetStats", VirDomainListGetStats);
}

}  // namespace rbdkit
