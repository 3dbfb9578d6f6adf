import { type Command, UsageError } from '../command.js';
import { complete } from '../complete.js';

/** Each asks this very command for what may come next, so that it knows all commands, flags and names of the moment. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: String.raw`# supctl in bash: source <(supctl completion bash)
_supctl() {
  local IFS=$'\n' options=() line="${'$'}{COMP_LINE:0:COMP_POINT}"
  line="${'$'}{line#* }"
  while [[ "$line" =~ ^(-[cs])\ +([^ ]+)\ +(.*)$ ]]; do
    options+=("${'$'}{BASH_REMATCH[1]}" "${'$'}{BASH_REMATCH[2]}")
    line="${'$'}{BASH_REMATCH[3]}"
  done
  COMPREPLY=($(supctl "${'$'}{options[@]}" completion --for "$line" 2>/dev/null))
  # Words end at colons for bash: what is before the last one is there already.
  local word="${'$'}{line##* }"
  COMPREPLY=("${'$'}{COMPREPLY[@]#"${'$'}{word%"${'$'}{word##*:}"}"}")
}
complete -F _supctl supctl`,
  zsh: `#compdef supctl
# supctl in zsh, after compinit: source <(supctl completion zsh)
_supctl() {
  local -a options found match
  local line="${'$'}{LBUFFER#* }"
  while [[ "$line" =~ '^(-[cs]) +([^ ]+) +(.*)$' ]]; do
    options+=("$match[1]" "$match[2]")
    line="$match[3]"
  done
  found=("${'$'}{(@f)$(supctl "${'$'}{options[@]}" completion --for "$line" 2>/dev/null)}")
  compadd -- "${'$'}{(@)found:#}"
}
compdef _supctl supctl`,
  fish: String.raw`# supctl in fish: supctl completion fish > ~/.config/fish/completions/supctl.fish
function __supctl_complete
  set -l line (commandline -cp | string replace -r '^\S+\s*' '')
  set -l options
  while set -l found (string match -r '^(-[cs]) +(\S+) +(.*)$' -- $line)
    set -a options $found[2] $found[3]
    set line $found[4]
  end
  supctl $options completion --for "$line" 2>/dev/null
end
complete -c supctl -f -a '(__supctl_complete)'`,
};

export const completion: Command = {
  name: 'completion',
  summary: 'print what completes supctl in a shell',
  help: [
    'completion bash        source <(supctl completion bash)',
    'completion zsh         source <(supctl completion zsh), after compinit',
    'completion fish        supctl completion fish > ~/.config/fish/completions/supctl.fish',
    '  --for LINE           what may stand for the last word of the line, one a line: what the scripts ask',
  ],
  flags: { '--for': 'value' },
  reach: 'usual',
  completes: 'shells',
  async run(session, flags) {
    const line = flags.value('--for');
    if (line !== undefined) {
      const [found] = await complete(session, line);
      for (const one of found) session.terminal.line(one.trimEnd());
      return 0;
    }
    const [shell = '', more] = flags.words;
    const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
    if (!script || more !== undefined)
      throw new UsageError('Error: completion requires one of bash, zsh, fish', { withHelp: true });
    session.terminal.line(script);
    return 0;
  },
};
