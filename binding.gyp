{
  "includes": ["native/sources.gypi"],
  "variables": {
    # The compiler's word: whether the headers of librados's C++ interface are there. Without them the rest works.
    "has_librados_hpp": "<!(echo '#include <rados/librados.hpp>' | ${CXX:-c++} -x c++ -std=c++17 -E - >/dev/null 2>&1 && echo 1 || echo 0)"
  },
  "target_defaults": {
    "cflags_cc": ["-std=c++17", "-O2", "-fexceptions", "-frtti"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "include_dirs": ["native"]
  },
  "targets": [
    {
      "target_name": "rbdkit",
      "sources": ["<@(rbdkit_sources)"],
      "defines": ["<@(rbdkit_defines)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "cflags_cc": ["-fvisibility=hidden"],
      "ldflags": ["-Wl,-z,nodelete,-z,relro,-z,now", "-Wl,--exclude-libs,ALL",
        "-Wl,--version-script=<(module_root_dir)/native/exports.map"],
      "libraries": ["<@(rbdkit_static_libraries)", "-ldl", "-lpthread"]
    }
  ],
  "conditions": [
    ["has_librados_hpp==1", {
      "targets": [
        {
          "target_name": "rbdkit_copy_from",
          # A loadable_module is always a .node file, which would be taken for an addon.
          "type": "shared_library",
          "product_extension": "so",
          "product_dir": "<(PRODUCT_DIR)",
          "sources": ["<@(rbdkit_copy_from_sources)"],
          "ldflags": ["-Wl,-z,nodelete,-z,relro,-z,now",
            "-Wl,--version-script=<(module_root_dir)/native/server_copy/exports.map"],
          "libraries": ["-lrados"]
        }
      ]
    }]
  ]
}
