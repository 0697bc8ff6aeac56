# completion.bash SCRIPT <LINES: prints "LINE|WORDS", what the script offers at the end of each line. Bash breaks words at = and :.
. "$1"
while IFS= read -r line; do
	COMP_WORDS=()
	rest=$line
	while [[ $rest =~ ^(([^ =:\\]|\\.)+|[=:]+|\ +) ]]; do
		rest=${rest#"${BASH_REMATCH[0]}"}
		[[ ${BASH_REMATCH[0]} == ' '* ]] || COMP_WORDS+=("${BASH_REMATCH[0]}")
	done
	[[ $line != *' ' ]] || COMP_WORDS+=('')
	COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
	_hull
	echo "$line|${COMPREPLY[*]}"
done
