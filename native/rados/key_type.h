// These functions tell what kind of key a user has, because releases differ in those that they can use.
// Nothing here gives a key away. Any thread.
#ifndef RBDKIT_RADOS_KEY_TYPE_H_
#define RBDKIT_RADOS_KEY_TYPE_H_

#include <string>

namespace rbdkit {

// KeyType() gives Ceph's name of a key's type ("aes", "aes256k"), or "unknown"; empty when it is no key.
std::string KeyType(const std::string& key);

// KeyInKeyring() gives the key of `user` in the text of a keyring; empty when there is none.
std::string KeyInKeyring(const std::string& text, const std::string& user);

// DescribeKey() gives "; the key is of type ...", with what helps where the type may be the reason for a
// refusal. `understood` tells whether librados could read the key. Empty when it is no key.
std::string DescribeKey(const std::string& key, bool understood);

}  // namespace rbdkit

#endif  // RBDKIT_RADOS_KEY_TYPE_H_
