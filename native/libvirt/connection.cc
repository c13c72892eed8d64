// Connections are opened on a thread of their own (libvirt/opening.h), which also asks for credentials.
#include "libvirt/connection.h"

#include <cstring>
#include <new>

#include "core/call.h"
#include "libvirt/binding.h"
#include "sys/exit_fence.h"

namespace rbdkit {

namespace {

// A connection has no more blocking calls under way than this. libvirt sends them over one socket, and the
// daemon reads no further call from a client that has five under way (max_client_requests). With four long
// ones a short one still gets through.
constexpr int kShortThreads = 4;
constexpr int kLongThreads = 4;

// libvirt asks for all that it needs at once, on the thread of virConnectOpenAuth(), and frees the answers.
// No exception may go through it.
int AskCredentials(virConnectCredentialPtr asked, unsigned count, void* opening) try {
  std::vector<Value> questions;
  for (unsigned i = 0; i < count; ++i) {
    const auto text = [](const char* given) { return given == nullptr ? Value() : Value(given); };
    questions.push_back(Value::Fields({{"type", int32_t{asked[i].type}},
                                       {"prompt", text(asked[i].prompt)},
                                       {"challenge", text(asked[i].challenge)},
                                       {"default", text(asked[i].defresult)}}));
  }
  const Opening::Answers answers = static_cast<Opening*>(opening)->Ask(Value::List(std::move(questions)));
  if (answers.texts.size() != count) return -1;
  for (unsigned i = 0; i < count; ++i) {
    asked[i].result = strdup(answers.texts[i].c_str());
    asked[i].resultlen = static_cast<unsigned>(strlen(asked[i].result));
  }
  return 0;
} catch (const std::bad_alloc&) {
  return -1;
}

}  // namespace

Connection::Connection(const std::string& label)
    : Handle(std::make_shared<Executors>("rbdkit-libvirt", kShortThreads, "rbdkit-vir-long", kLongThreads),
             label) {}

Connection::~Connection() {
  Close();
  // The fence is lifted only now, because libvirt's connection lives until its last object is freed.
  if (fenced_) FenceDisconnected();
}

bool Connection::Open(const OpenOptions& options, Opening& opening) {
  FenceConnected();
  fenced_ = true;
  const char* uri = options.uri ? options.uri->c_str() : nullptr;
  if (!options.credentials.empty()) {
    std::vector<int> types = options.credentials;
    virConnectAuth auth{types.data(), static_cast<unsigned>(types.size()), AskCredentials, &opening};
    connection_ = Libvirt().virConnectOpenAuth(
        uri, &auth, options.read_only ? static_cast<unsigned>(VIR_CONNECT_RO) : 0u);
  } else {
    // libvirt's own virConnectAuth asks on the terminal.
    connection_ = options.read_only ? Libvirt().virConnectOpenReadOnly(uri) : Libvirt().virConnectOpen(uri);
  }
  if (connection_ == nullptr) return false;
  // Drivers without a daemon refuse keepalive, and need none.
  if (options.keepalive_interval > 0) {
    Libvirt().virConnectSetKeepAlive(connection_, options.keepalive_interval, options.keepalive_count);
  }
  return true;
}

int Connection::Close() {
  if (connection_ != nullptr) Libvirt().virConnectClose(connection_);
  connection_ = nullptr;
  return 0;
}

namespace {

// virConnectOpen(slot, uri | undefined, read_only, interval, count, credentials, label)
void VirConnectOpen(Call& call) {
  OpenOptions options;
  options.uri = call.OptionalString();
  options.read_only = call.Bool();
  options.keepalive_interval = static_cast<int>(call.Int64());
  options.keepalive_count = static_cast<unsigned>(call.Int64());
  const Napi::Array types = call.Array();
  for (uint32_t i = 0; i < types.Length(); ++i) {
    options.credentials.push_back(types.Get(i).As<Napi::Number>().Int32Value());
  }
  auto connection = std::make_shared<Connection>(call.String());
  call.Run(connection->executor(), [connection, options](Task& task) {
    if (!LibvirtLoaded(task)) return;
    auto opening = std::make_shared<Opening>(*connection);
    opening->Run(task, TypeOwner::kLibvirt, connection, [connection, options, opening = opening.get()] {
      return connection->Open(options, *opening);
    });
  });
}

// answerCredentials(slot, question, texts): none when there will be no answer.
void AnswerCredentials(Call& call) {
  auto opening = std::dynamic_pointer_cast<Opening>(call.TakeHandle());
  if (opening == nullptr) throw Napi::TypeError::New(call.env(), "rbdkit: stale handle");
  auto answers = std::make_shared<Opening::Answers>();
  const Napi::Array texts = call.Array();
  answers->texts.reserve(texts.Length());  // what moves leaves a copy behind
  for (uint32_t i = 0; i < texts.Length(); ++i) {
    answers->texts.push_back(texts.Get(i).As<Napi::String>().Utf8Value());
  }
  call.Run(opening, [opening, answers](Task& /*task*/) { opening->Answer(std::move(*answers)); });
}

}  // namespace

void ExportConnection(Napi::Env env, Napi::Object exports) {
  ExportTask(env, exports, "virConnectOpen", VirConnectOpen);
  ExportTask(env, exports, "answerCredentials", AnswerCredentials);
}

}  // namespace rbdkit
