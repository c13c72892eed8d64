// Each class call is one blocking librados operation.
#include "ceph/class_call.h"

#include "sys/rados.h"

namespace rbdkit::copy {

namespace {
constexpr char kClass[] = "rbd";
}  // namespace

std::string EncodeNumber(size_t number) {
  std::string encoded;
  for (int shift = 0; shift < 32; shift += 8) encoded += static_cast<char>(number >> shift & 0xff);
  return encoded;
}

std::string EncodeSize(uint64_t size) { return EncodeNumber(size & UINT32_MAX) + EncodeNumber(size >> 32); }

std::string EncodeText(const std::string& text) { return EncodeNumber(text.size()) + text; }

bool DecodeText(const std::string& bytes, std::string* text) {
  if (bytes.size() < 4) return false;
  size_t size = 0;
  for (int i = 3; i >= 0; --i) size = size << 8 | static_cast<unsigned char>(bytes[i]);
  if (size > bytes.size() - 4) return false;
  *text = bytes.substr(4, size);
  return true;
}

Error ReadByClass(rados_ioctx_t ioctx, const std::string& object, const char* method, const std::string& in,
                  std::string* out, size_t max) {
  out->resize(max);
  const int r = Rados().rados_exec(ioctx, object.c_str(), kClass, method, in.data(), in.size(), out->data(),
                                   out->size());
  out->resize(r < 0 ? 0 : static_cast<size_t>(r));
  return r < 0 ? Error(r, "rados_exec") : Error();
}

Error ReadByClass(rados_ioctx_t ioctx, const std::string& object, std::vector<ClassRead>* reads) {
  struct Answer {
    size_t length = 0;
    int result = 0;
  };
  std::vector<Answer> answers(reads->size());
  const rados_read_op_t op = Rados().rados_create_read_op();
  for (size_t i = 0; i < reads->size(); ++i) {
    ClassRead& read = (*reads)[i];
    Rados().rados_read_op_exec_user_buf(op, kClass, read.method, read.in.data(), read.in.size(),
                                        read.out.data(), read.out.size(), &answers[i].length,
                                        &answers[i].result);
  }
  int r = Rados().rados_read_op_operate(op, ioctx, object.c_str(), LIBRADOS_OPERATION_NOFLAG);
  Rados().rados_release_read_op(op);
  for (size_t i = 0; i < reads->size() && r >= 0; ++i) {
    r = answers[i].result;
    (*reads)[i].out.resize(answers[i].length);
  }
  return r < 0 ? Error(r, "rados_read_op_operate") : Error();
}

// WriteByClass() does not use rados_exec(), which waits in a full pool, whatever the ioctx has been told.
Error WriteByClass(rados_ioctx_t ioctx, const std::string& object,
                   const std::vector<std::pair<const char*, std::string>>& calls) {
  const rados_write_op_t op = Rados().rados_create_write_op();
  for (const auto& [method, in] : calls) {
    Rados().rados_write_op_exec(op, kClass, method, in.data(), in.size(), nullptr);
  }
  const int r = Rados().rados_write_op_operate(op, ioctx, object.c_str(), nullptr, 0);
  Rados().rados_release_write_op(op);
  return r < 0 ? Error(r, "rados_write_op_operate") : Error();
}

}  // namespace rbdkit::copy
