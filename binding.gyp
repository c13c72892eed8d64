{
  "includes": ["native/sources.gypi"],
  "targets": [
    {
      "target_name": "rbdkit",
      "sources": ["<@(rbdkit_sources)"],
      "defines": ["<@(rbdkit_defines)"],
      "include_dirs": [
        "native",
        "<!(node -p \"require('node-addon-api').include_dir\")"
      ],
      "cflags_cc": ["-std=c++17", "-O2", "-fvisibility=hidden", "-fexceptions", "-frtti"],
      "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
      "ldflags": ["-Wl,-z,nodelete,-z,relro,-z,now", "-Wl,--exclude-libs,ALL",
        "-Wl,--version-script=<(module_root_dir)/native/exports.map"],
      "libraries": ["<@(rbdkit_static_libraries)", "-ldl", "-lpthread"]
    }
  ]
}
