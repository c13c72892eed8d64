// A key is known by its structure, never by its secret.
#include "rados/key_type.h"

#include <cstring>

namespace rbdkit {

namespace {

// These are the types of a CryptoKey in Ceph's include/ceph_fs.h (CEPH_CRYPTO_AES, CEPH_CRYPTO_AES256KRB5).
constexpr int kAes = 1;
constexpr int kAes256k = 2;

int Base64Digit(char c) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const char* found = c == '\0' ? nullptr : strchr(digits, c);
  return found == nullptr ? -1 : static_cast<int>(found - digits);
}

std::string Trim(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::string KeyType(const std::string& key) {
  // A CryptoKey begins with its type, 16 bits, little endian. Three digits of base64 hold them.
  if (key.size() < 3) return "";
  int bits = 0;
  for (int i = 0; i < 3; i++) {
    const int digit = Base64Digit(key[i]);
    if (digit < 0) return "";
    bits = bits << 6 | digit;
  }
  const int type = (bits >> 10 & 0xff) | (bits >> 2 & 0xff) << 8;
  if (type == kAes) return "aes";
  return type == kAes256k ? "aes256k" : "unknown";
}

std::string KeyInKeyring(const std::string& text, const std::string& user) {
  bool inside = false;
  std::string key;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string line = Trim(text.substr(begin, end - begin));
    begin = end + 1;
    if (!line.empty() && line[0] == '[') inside = line == "[" + user + "]";
    const size_t equals = line.find('=');
    if (inside && equals != std::string::npos && Trim(line.substr(0, equals)) == "key") {
      key = Trim(line.substr(equals + 1));
    }
  }
  return key;
}

std::string DescribeKey(const std::string& key, bool understood) {
  const std::string type = KeyType(key);
  if (type.empty()) return "";
  const std::string what = "; the key is of type " + type;
  if (!understood && type == "aes256k") {
    return what +
           ", which librados reads since Ceph 20: bring this host's librados2 to that release, or have the " +
           "cluster make one of type aes (auth.getOrCreate with keyType 'aes'; `ceph auth rotate --key-type "
           "aes`)";
  }
  if (understood && type == "aes") {
    return what +
           ", which a cluster made by Ceph 20 refuses unless its monitors' auth_allowed_ciphers have it: " +
           "use a key of type aes256k there, or add aes to them";
  }
  return what;
}

}  // namespace rbdkit
