// These rows bind the mirroring of a pool and of an image to other clusters. They run on the cluster's
// executors.
#include <array>
#include <cerrno>
#include <tuple>
#include <vector>

#include "rbd/row.h"

namespace rbdkit {

namespace {

Value Info(const rbd_mirror_image_info_t& info) {
  return Value::Fields(
      {{"globalId", info.global_id}, {"state", Code(info.state)}, {"primary", info.primary}});
}

Value GlobalStatus(const rbd_mirror_image_global_status_t& status) {
  std::vector<Value> sites;
  for (uint32_t i = 0; i < status.site_statuses_count; ++i) {
    const rbd_mirror_image_site_status_t& site = status.site_statuses[i];
    sites.push_back(Value::Fields({{"mirrorUuid", site.mirror_uuid},
                                   {"state", Code(site.state)},
                                   {"description", site.description},
                                   {"lastUpdateMs", Value::Number(1000 * site.last_update)},
                                   {"up", site.up}}));
  }
  return Value::Fields(
      {{"name", status.name}, {"info", Info(status.info)}, {"sites", Value::List(std::move(sites))}});
}

Value Peer(const rbd_mirror_peer_site_t& peer) {
  return Value::Fields({{"uuid", peer.uuid},
                        {"direction", Code(peer.direction)},
                        {"siteName", peer.site_name},
                        {"mirrorUuid", peer.mirror_uuid},
                        {"clientName", peer.client_name},
                        // 16.2.15 does not set it.
                        {"lastSeenMs", Value::Number(1000 * peer.last_seen)}});
}

// A page of what librbd lists by image id, after a given one. It is empty after the last.
constexpr size_t kPage = 256;

// An OutByImage is such a page: its values are [id, what is told of it].
template <typename T, auto kDescribe, auto kCleanUp>
struct OutByImage {
  static constexpr const char* kKind = "";
  explicit OutByImage(Call& /*call*/) : ids(kPage), found(kPage) {}
  auto C(Task& /*task*/) { return std::make_tuple(kPage, ids.data(), found.data(), &count); }
  Value Take() {
    std::vector<Value> values;
    for (size_t i = 0; i < count; ++i) values.push_back(Value::List({ids[i], kDescribe(found[i])}));
    if (count > 0) CleanUp<kCleanUp>(ids.data(), found.data(), count);
    return Value::List(std::move(values));
  }
  std::vector<char*> ids;
  std::vector<T> found;
  size_t count = 0;
};

Value Text(char* const& text) { return text; }

// An OutInfos is a page of images with the mode of each.
struct OutInfos {
  static constexpr const char* kKind = "";
  explicit OutInfos(Call& /*call*/) : ids(kPage), modes(kPage), infos(kPage) {}
  auto C(Task& /*task*/) { return std::make_tuple(kPage, ids.data(), modes.data(), infos.data(), &count); }
  Value Take() {
    std::vector<Value> values;
    for (size_t i = 0; i < count; ++i)
      values.push_back(Value::List({ids[i], Code(modes[i]), Info(infos[i])}));
    if (count > 0) Rbd().rbd_mirror_image_info_list_cleanup(ids.data(), infos.data(), count);
    return Value::List(std::move(values));
  }
  std::vector<char*> ids;
  std::vector<rbd_mirror_image_mode_t> modes;
  std::vector<rbd_mirror_image_info_t> infos;
  size_t count = 0;
};

// An OutSummary is how many images are in each state, of which there are fewer than it has room for.
struct OutSummary {
  static constexpr const char* kKind = "";
  explicit OutSummary(Call& /*call*/) {}
  auto C(Task& /*task*/) { return std::make_tuple(states.data(), counts.data(), &count); }
  Value Take() {
    std::vector<Value> values;
    for (size_t i = 0; i < count; ++i) values.push_back(Value::List({Code(states[i]), counts[i]}));
    return Value::List(std::move(values));
  }
  std::array<rbd_mirror_image_status_state_t, 64> states{};
  std::array<int, 64> counts{};
  size_t count = 64;
};

using Mode = Out<rbd_mirror_image_mode_t, Code<rbd_mirror_image_mode_t>>;

constexpr Binding pool_rows[] = {
    RBD(rbd_mirror_site_name_get, Cluster, OutStr<256>),
    RBD(rbd_mirror_site_name_set, Cluster, Str),
    RBD(rbd_mirror_mode_get, IoCtx, Out<rbd_mirror_mode_t, Code<rbd_mirror_mode_t>>),
    Long(RBD(rbd_mirror_mode_set, IoCtx, Num<rbd_mirror_mode_t>)),
    RBD(rbd_mirror_uuid_get, IoCtx, OutStr<64>),
    RBD(rbd_mirror_remote_namespace_get, IoCtx, OutStr<256>),
    RBD(rbd_mirror_remote_namespace_set, IoCtx, Str),
    Long(RBD(rbd_mirror_peer_bootstrap_create, IoCtx, OutStr<1024>)),
    Long(RBD(rbd_mirror_peer_bootstrap_import, IoCtx, Num<rbd_mirror_peer_direction_t>, Str)),
    RBD(rbd_mirror_peer_site_add, IoCtx, OutChars<64>, Num<rbd_mirror_peer_direction_t>, Str, Str),
    RBD(rbd_mirror_peer_site_set_name, IoCtx, Str, Str),
    RBD(rbd_mirror_peer_site_set_client_name, IoCtx, Str, Str),
    RBD(rbd_mirror_peer_site_set_direction, IoCtx, Str, Num<rbd_mirror_peer_direction_t>),
    RBD(rbd_mirror_peer_site_remove, IoCtx, Str),
    RBD(rbd_mirror_peer_site_list, IoCtx,
        OutList<rbd_mirror_peer_site_t, Peer, &RbdApi::rbd_mirror_peer_site_list_cleanup, int>),
    // The value is undefined when none were set.
    RBD(rbd_mirror_peer_site_get_attributes, IoCtx, Str, OutPairs<1024>, NoneIf<ENOENT>),
    RBD(rbd_mirror_peer_site_set_attributes, IoCtx, Str, TextPairs),
    RBD(rbd_mirror_image_global_status_list, IoCtx, Str,
        OutByImage<rbd_mirror_image_global_status_t, GlobalStatus,
                   &RbdApi::rbd_mirror_image_global_status_list_cleanup>),
    RBD(rbd_mirror_image_status_summary, IoCtx, OutSummary),
    RBD(rbd_mirror_image_instance_id_list, IoCtx, Str,
        OutByImage<char*, Text, &RbdApi::rbd_mirror_image_instance_id_list_cleanup>),
    RBD(rbd_mirror_image_info_list, IoCtx, OptNum<rbd_mirror_image_mode_t>, Str, OutInfos),
};

// What changes how an image is mirrored makes snapshots or writes its journal, and may wait for its lock.
constexpr Binding image_rows[] = {
    Long(RBD(rbd_mirror_image_enable2, Image, Num<rbd_mirror_image_mode_t>)),
    Long(RBD(rbd_mirror_image_disable, Image, Flag<bool, true>)),
    Long(RBD(rbd_mirror_image_promote, Image, Flag<bool, true>)),
    Long(RBD(rbd_mirror_image_demote, Image)),
    RBD(rbd_mirror_image_resync, Image),
    Long(RBD(rbd_mirror_image_create_snapshot2, Image, Num<uint32_t>, Out<uint64_t, Big<uint64_t>>)),
    RBD(rbd_mirror_image_get_info, Image,
        SizedOut<rbd_mirror_image_info_t, Info, &RbdApi::rbd_mirror_image_get_info_cleanup>),
    RBD(rbd_mirror_image_get_mode, Image, Mode),
    RBD(rbd_mirror_image_get_global_status, Image,
        SizedOut<rbd_mirror_image_global_status_t, GlobalStatus,
                 &RbdApi::rbd_mirror_image_global_status_cleanup>),
    RBD(rbd_mirror_image_get_instance_id, Image, OutStr<64>),
};

}  // namespace

void ExportMirror(Napi::Env env, Napi::Object exports) {
  ExportRows(env, exports, pool_rows);
  ExportRows(env, exports, image_rows);
}

}  // namespace rbdkit
