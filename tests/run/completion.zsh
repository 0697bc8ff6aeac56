# completion.zsh SCRIPT <LINES: prints "LINE|WORDS", what the script offers at the end of each line. They are typed into a terminal,
# where a second zsh runs this file, too: there the words that pass through compadd are kept.
if [[ -n $hits ]]; then
	autoload -Uz compinit && compinit -u -D && source $script
	compadd()
	{
		local -a passed
		local -i at=$@[(i)-S]
		local suffix=${@[at + 1]}
		[[ $* == *-[ADO]\ * ]] || { builtin compadd -A passed "$@"; print -rl -- "${(@)^passed}$suffix" >>$hits }
		builtin compadd "$@"
	}
	offer()
	{
		_main_complete
		print -r -- = >>$hits
		compstate[insert]= compstate[list]=
	}
	zle -C offer complete-word offer
	bindkey '^I' offer
	print -r -- = >>$hits
	return
fi

zmodload zsh/zpty || exit
export script=$1 hits=$(mktemp) TERM=dumb
trap 'rm -f $hits' EXIT
answer()
{
	local -i polls
	until [[ $'\n'$(<$hits)$'\n' == *$'\n=\n'* ]]; do
		((polls++ < 1000)) || { print -u2 "zsh does not answer"; exit 1 }
		sleep 0.01
		zpty -rt asked output # or else the terminal is full one day
	done
	words=(${${(f)"$(<$hits)"}:#=})
	: >$hits
}
zpty asked zsh -f -i
zpty -w asked ". ${(q)0:a}"
answer
while IFS= read -r line; do
	zpty -w -n asked $'\x15'$line$'\t'
	answer
	print -r -- "$line|$words"
done
zpty -d asked
