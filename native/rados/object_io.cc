// Object I/O is one asynchronous librados call an operation; speed depends on this file and on rados/aio.h,
// which says on which threads it runs.
#include "rados/aio.h"
#include "rados/rados.h"

namespace rbdkit {

namespace {

using aio::Count;
using aio::Lent;
using aio::SnapInto;
using aio::Snaps;
using aio::StatInto;
using aio::Text;

constexpr aio::Row rows[] = {
    AIO(rados_aio_read, kUsual, Lent<char>, Count<uint64_t>),
    AIO(rados_aio_write, kUsual, Lent<const char>, Count<uint64_t>),
    AIO(rados_aio_write_full, kUsual, Lent<const char>),
    AIO(rados_aio_append, kUsual, Lent<const char>),
    AIO(rados_aio_writesame, kUsual, Lent<const char>, Count<size_t>, Count<uint64_t>),
    AIO(rados_aio_cmpext, kUsual, Lent<const char>, Count<uint64_t>),
    AIO(rados_aio_remove, kUsual),
    AIO(rados_aio_stat, kUsual, StatInto<time_t>),
    AIO(rados_aio_stat2, kUsual, StatInto<timespec>),
    AIO(rados_aio_getxattr, kUsual, Text, Lent<char>),
    AIO(rados_aio_setxattr, kUsual, Text, Lent<const char>),
    AIO(rados_aio_rmxattr, kUsual, Text),
    AIO(rados_aio_unlock, kLast, Text, Text),
    AIO(rados_aio_flush_async, kNoObject),
    AIO(rados_aio_ioctx_selfmanaged_snap_create, kNoObject, SnapInto),
    AIO(rados_aio_ioctx_selfmanaged_snap_remove, kNoObject, Count<rados_snap_t>),
    AIO(rados_ioctx_selfmanaged_snap_set_write_ctx, kAtOnce, Count<rados_snap_t>, Snaps),
};

}  // namespace

void ExportObjectIo(Napi::Env env, Napi::Object exports) {
  const Napi::Object kinds = Napi::Object::New(env);
  for (const aio::Row& row : rows) {
    napi_value function;
    napi_create_function(env, row.name, NAPI_AUTO_LENGTH, row.start, &Environment::Of(env), &function);
    exports.Set(row.name, Napi::Value(env, function));
    kinds.Set(row.name, row.kinds());
  }
  exports.Set("aioRows", kinds);
}

}  // namespace rbdkit
