# completion.fish SCRIPT <LINES: prints "LINE|WORDS", what the script offers at the end of each line.
source $argv[1]
while read line
	set words (complete -C "$line" | string replace -r "\t.*" "")
	echo "$line|$words"
end
