// These rows define secrets, look them up and read and set their values. They run on the connection's
// executors.
#include <cstring>

#include "libvirt/row.h"

namespace rbdkit {

SecretFacts::SecretFacts(virSecretPtr secret)
    : usage_type(Libvirt().virSecretGetUsageType(secret)),
      usage_id(Text(Libvirt().virSecretGetUsageID(secret))) {
  char text[VIR_UUID_STRING_BUFLEN] = "";
  Libvirt().virSecretGetUUIDString(secret, text);
  uuid = text;
}

std::vector<Value::Field> SecretFacts::Fields() const {
  return {{"uuid", uuid}, {"usageType", usage_type}, {"usageId", usage_id}};
}

namespace {

void VirSecretGetValue(Call& call) {
  auto secret = call.Handle<Secret>();
  call.Run(secret, [secret = secret.get()](Task& task) {
    size_t size = 0;
    unsigned char* data = Libvirt().virSecretGetValue(secret->get(), &size, 0);
    if (data == nullptr) return Fail(task);
    task.value = Value::Secret(std::string(reinterpret_cast<char*>(data), size));
    explicit_bzero(data, size);
    free(data);
  });
}

constexpr Binding rows[] = {
    VIR(virSecretDefineXML, Connection, Str, Const<0u>),
    VIR(virSecretLookupByUUIDString, Connection, Str),
    VIR(virSecretLookupByUsage, Connection, Num<int>, Str),
    VIR(virConnectListAllSecrets, Connection, OutObjects<Secret>, Const<0u>),
    VIR(virSecretSetValue, Secret, Bytes<const unsigned char*>, Const<0u>),
    VIR(virSecretGetXMLDesc, Secret, Const<0u>),
    VIR(virSecretUndefine, Secret),
};

}  // namespace

void ExportSecret(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, rows);
  ExportTask(env, exports, "virSecretGetValue", VirSecretGetValue);
}

}  // namespace rbdkit
