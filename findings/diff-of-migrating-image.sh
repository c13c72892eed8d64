#!/bin/sh
# rbd and librbd 16.2.15 (Debian 12: 16.2.15+ds-0+deb12u2), without rbdkit: between "rbd migration prepare" and "rbd migration
# execute" an image reads as before, but what has changed in it since one of its snapshots is not found as long as only the
# source has it: "rbd diff --from-snap" lists nothing, "rbd export-diff --from-snap" writes an empty diff, and "rbd export
# --export-format 2" gives a file of which the head is as the snapshot was. All of them end with 0. Such a file or diff, taken
# for a backup, has lost data. Before the migration all of them are right. "rbd deep cp" refuses with EBUSY.
#
# What it needs and starts is in lib/cluster.sh. Seen:
#   before: diff status 0, 0+512 4194304+512; export-diff status 0, 1093 bytes; export status 0, imported equal
#   rbd migration prepare: status 0, reads as before
#   migrating: diff status 0, nothing; export-diff status 0, 35 bytes; export status 0, imported different
#   imported then begins with a, its snapshot with a, what was exported with b
#   rbd deep cp while migrating: status 16
# Ends with 1 when anything else is seen.
set -eu
. "$(dirname "$0")/lib/cluster.sh"

look() { # IMAGE
  listed=0
  timeout 60 rbd diff --from-snap snapshot "rbd/$1" >"$folder/$1.changed" || listed=$?
  changed=$(awk 'NR > 1 { printf "%s%s+%s", before, $1, $2; before = " " }' "$folder/$1.changed")
  difference=$(status rbd export-diff --no-progress --from-snap snapshot "rbd/$1" "$folder/$1.diff")
  exported=$(status rbd export --no-progress --export-format 2 "rbd/$1" "$folder/$1.export")
  rbd import --no-progress --export-format 2 "$folder/$1.export" "rbd/$1-imported"
  rbd export --no-progress "rbd/$1" "$folder/$1.raw"
  rbd export --no-progress "rbd/$1-imported" "$folder/$1-imported.raw"
  if cmp -s "$folder/$1.raw" "$folder/$1-imported.raw"; then same=equal; else same=different; fi
  echo "diff status $listed, ${changed:-nothing};" \
    "export-diff status $difference, $(wc -c <"$folder/$1.diff") bytes; export status $exported, imported $same"
}

rbd create --size 8M --object-size 1M rbd/source
put source a 0
put source a 2097152
rbd snap create --no-progress rbd/source@snapshot
put source b 0
put source b 4194304
before=$(look source)
prepared=$(status rbd migration prepare rbd/source rbd/target)
during=$(look target)
if cmp -s "$folder/source.raw" "$folder/target.raw"; then same=before; else same=otherwise; fi
begins="imported then begins with $(first target-imported), its snapshot with $(first target-imported@snapshot)"
settle "before: $before
rbd migration prepare: status $prepared, reads as $same
migrating: $during
$begins, what was exported with $(first target)
rbd deep cp while migrating: status $(status rbd deep cp --no-progress rbd/target rbd/copy)"
