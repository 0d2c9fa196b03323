# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion of hvisorctl, which knows by itself what may stand where.
_hvisorctl()
{
	local candidate
	COMPREPLY=()
	while IFS=$'\t' read -r candidate _; do
		if [[ $candidate == :files ]]; then
			compopt -o filenames 2>/dev/null
			while IFS= read -r candidate; do
				COMPREPLY+=("$candidate")
			done < <(compgen -f -- "${2#=}")
		else
			# bash takes the '=' of --name=value for a word of its own
			[[ $candidate == --*=* ]] && candidate=${candidate#*=}
			printf -v candidate %q "$candidate"
			COMPREPLY+=("$candidate")
		fi
	done < <("$1" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _hvisorctl hvisorctl
