# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion of hvisorctl, which knows by itself what may stand where.
function __hvisorctl_complete
	set -l words (commandline -opc)
	set -l last (commandline -ct)
	for line in (command $words[1] complete -- $words[2..-1] "$last" 2>/dev/null)
		if test "$line" = :files
			__fish_complete_path "$last"
		else
			printf '%s\n' $line
		end
	end
end
complete -c hvisorctl -f -a '(__hvisorctl_complete)'
