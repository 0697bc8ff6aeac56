# Turns cmocka's report into lines of the test loop; -v program=NAME -v status=EXIT-STATUS, and -v only="TEST TEST" for those tests
# alone. A skipped test prints its reason just before.
/^\[ RUN      \] / { name = $4; why = ""; next }
only != "" && name != "" && /^\[ [A-Z ]*\] / && !wanted(name) { name = ""; next }
/^\[       OK \] / && name != "" { print "ok " program ": " name; name = ""; next }
/^\[  SKIPPED \] / && name != "" { print "SKIP " program ": " name ": " (why ? why : "no reason given"); name = ""; next }
/^\[  FAILED  \] / && name != "" { print "FAIL " program ": " name ": " why; failed++; name = ""; next }
!/^\[/ { why = $0; sub(/^[ \t]+/, "", why) }
END {
	if (name != "") { print "FAIL " program ": " name ": ended with status " status; failed++ }
	if (status != 0 && !failed) print "FAIL " program ": ended with status " status
}
function wanted(name) {
	sub(/^test_/, "", name)
	return index(" " only " ", " " name " ")
}
