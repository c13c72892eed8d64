// Secrets: define, look up, value.
#include <cstring>

#include "core/call.h"
#include "libvirt/binding.h"
#include "libvirt/object.h"

namespace rbdkit {

SecretFacts::SecretFacts(virSecretPtr secret)
    : usage_type(Libvirt().virSecretGetUsageType(secret)),
      usage_id(Text(Libvirt().virSecretGetUsageID(secret))) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  Libvirt().virSecretGetUUIDString(secret, text);
  uuid = text;
}

void SecretFacts::Describe(Napi::Object object) const {
  object.Set("uuid", uuid);
  object.Set("usageType", usage_type);
  object.Set("usageId", usage_id);
}

namespace {

// A secret's value: not left behind in freed memory.
struct SecretBytes {
  explicit SecretBytes(std::string b) : bytes(std::move(b)) {}
  ~SecretBytes() { explicit_bzero(bytes.data(), bytes.size()); }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  std::string bytes;
};

void VirSecretDefineXML(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<Secret>(call, connection, connection, [xml = call.String()](virConnectPtr c) {
    return Libvirt().virSecretDefineXML(c, xml.c_str(), 0);
  });
}

void VirSecretLookupByUUIDString(Call& call) {
  auto connection = call.Handle<Connection>();
  RunNew<Secret>(call, connection, connection, [uuid = call.String()](virConnectPtr c) {
    return Libvirt().virSecretLookupByUUIDString(c, uuid.c_str());
  });
}

void VirSecretLookupByUsage(Call& call) {
  auto connection = call.Handle<Connection>();
  const int type = static_cast<int>(call.Int64());
  RunNew<Secret>(call, connection, connection, [type, id = call.String()](virConnectPtr c) {
    return Libvirt().virSecretLookupByUsage(c, type, id.c_str());
  });
}

void VirConnectListAllSecrets(Call& call) {
  auto connection = call.Handle<Connection>();
  RunList<Secret>(call, connection, connection, [](virConnectPtr c, virSecretPtr** list) {
    return Libvirt().virConnectListAllSecrets(c, list, 0);
  });
}

void VirSecretSetValue(Call& call) {
  auto secret = call.Handle<Secret>();
  auto value = std::make_shared<SecretBytes>(call.Bytes());
  RunAction(call, secret, [value](virSecretPtr s) {
    return Libvirt().virSecretSetValue(s, reinterpret_cast<const unsigned char*>(value->bytes.data()),
                                       value->bytes.size(), 0);
  });
}

void VirSecretGetValue(Call& call) {
  auto secret = call.Handle<Secret>();
  call.Run(secret, [secret = secret.get()](Task& task) {
    size_t size = 0;
    unsigned char* data = Libvirt().virSecretGetValue(secret->get(), &size, 0);
    if (data == nullptr) return Fail(task);
    auto value = std::make_shared<SecretBytes>(std::string(reinterpret_cast<char*>(data), size));
    explicit_bzero(data, size);
    free(data);
    task.value = [value](Napi::Env env) -> Napi::Value {
      return Napi::Buffer<char>::Copy(env, value->bytes.data(), value->bytes.size());
    };
  });
}

void VirSecretGetXMLDesc(Call& call) {
  RunText(call, call.Handle<Secret>(), [](virSecretPtr s) { return Libvirt().virSecretGetXMLDesc(s, 0); });
}

void VirSecretUndefine(Call& call) { RunAction(call, call.Handle<Secret>(), Libvirt().virSecretUndefine); }

}  // namespace

void ExportSecret(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virSecretDefineXML", VirSecretDefineXML);
  ExportTask(env, exports, "virSecretLookupByUUIDString", VirSecretLookupByUUIDString);
  ExportTask(env, exports, "virSecretLookupByUsage", VirSecretLookupByUsage);
  ExportTask(env, exports, "virConnectListAllSecrets", VirConnectListAllSecrets);
  ExportTask(env, exports, "virSecretSetValue", VirSecretSetValue);
  ExportTask(env, exports, "virSecretGetValue", VirSecretGetValue);
  ExportTask(env, exports, "virSecretGetXMLDesc", VirSecretGetXMLDesc);
  ExportTask(env, exports, "virSecretUndefine", VirSecretUndefine);
}

}  // namespace rbdkit
