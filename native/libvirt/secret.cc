// A secret's value is read on the connection's executors, and wiped where it was.
#include <cstring>

#include "libvirt/row.h"

namespace rbdkit {

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

}  // namespace

void ExportSecret(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virSecretGetValue", VirSecretGetValue);
}

}  // namespace rbdkit
