package main

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// commandsIn splits a line of shell into commands and these into words, as far as
// documents need it: quotes, pipes, redirections and comments.
func commandsIn(line string) [][]string {
	var commands [][]string
	var words []string
	var word strings.Builder
	var quote rune
	inWord, redirected := false, false
	endWord := func() {
		if inWord && !redirected {
			words = append(words, word.String())
		}
		word.Reset()
		redirected = redirected && !inWord
		inWord = false
	}
	endCommand := func() {
		if endWord(); len(words) > 0 {
			commands = append(commands, words)
		}
		words = nil
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, inWord = r, true
		case r == '#' && !inWord:
			endCommand()
			return commands
		case r == '|':
			endCommand()
		case r == '>':
			endWord()
			redirected = true
		case r == ' ' || r == '\n':
			endWord()
		default:
			inWord = true
			word.WriteRune(r)
		}
	}
	endCommand()
	return commands
}

// checkShell checks one command of a shell.
func checkShell(v *inventory, words []string, report func(string, ...any)) {
	at := slices.IndexFunc(words, func(w string) bool { return path.Base(w) == "citytally" })
	switch {
	case words[0] == "export":
		for _, assignment := range words[1:] {
			name, _, _ := strings.Cut(assignment, "=")
			if !v.isVariable(name) {
				report("%s: there is no such variable", name)
			}
		}
	case words[0] == "go" && words[1] != "run":
		checkGo(v, words[1:], report)
	case words[0] == "bash":
		if !v.exists(words[1]) {
			report("%s: there is no such file", words[1])
		}
	case at >= 0 && slices.Contains([]string{"citytally", "go", "docker"}, words[0]):
		checkCommandLine(words[at+1:], true, report)
	case !slices.Contains([]string{"curl", "clickhouse", "nats"}, words[0]):
		report("%s: a document shows this command, and nothing checks it", strings.Join(words, " "))
	}
}

// checkCommandLine checks a command line of citytally: its name and its flags, and, where
// it is complete, its arguments and the flags' values.
func checkCommandLine(words []string, complete bool, report func(string, ...any)) {
	line := "citytally " + strings.Join(words, " ")
	command, rest, err := newRoot().Find(words)
	if err != nil {
		report("%s: %v", line, err)
		return
	}
	command.InitDefaultHelpFlag()
	var arguments []string
	for _, word := range rest {
		name, isFlag := strings.CutPrefix(word, "--")
		name, _, _ = strings.Cut(name, "=")
		switch {
		case isFlag && name != "" && command.Flag(name) == nil:
			report("%s: %s has no flag --%s", line, command.CommandPath(), name)
			return
		case !isFlag:
			arguments = append(arguments, word)
		}
	}
	if len(arguments) > 0 && command.HasSubCommands() && (command.Args == nil || command.Args(command, arguments[:1]) != nil) {
		report("%s: %s has no command %s", line, command.CommandPath(), arguments[0])
		return
	}
	if len(arguments) > 0 && len(command.ValidArgs) > 0 && !offers(command, arguments[0]) {
		report("%s: %s does not know %s", line, command.CommandPath(), arguments[0])
	}
	if !complete || slices.Contains(rest, "--help") {
		return
	}
	if err := command.ParseFlags(rest); err != nil {
		report("%s: %v", line, err)
		return
	}
	if err := command.ValidateArgs(command.Flags().Args()); err != nil {
		report("%s: %v", line, err)
	}
}

// offers reports whether a command takes the argument; a word in capitals stands for
// any.
func offers(command *cobra.Command, argument string) bool {
	return strings.ToUpper(argument) == argument || slices.ContainsFunc(command.ValidArgs, func(offered string) bool {
		name, _, _ := strings.Cut(offered, "\t")
		return name == argument
	})
}

// checkGo checks a go command: its packages, and the tests and flags of go test.
func checkGo(v *inventory, words []string, report func(string, ...any)) {
	line := "go " + strings.Join(words, " ")
	var folders []string
	for i := 1; i < len(words); i++ {
		name, isFlag := strings.CutPrefix(words[i], "-")
		name, value, hasValue := strings.Cut(name, "=")
		switch {
		case strings.HasPrefix(words[i], "./"):
			if !v.exists(words[i]) {
				report("%s: there is no package %s", line, words[i])
			}
			folders = append(folders, path.Clean(words[i]))
		case isFlag && words[0] == "test":
			if !v.testFlags[name] {
				report("%s: no test has a flag -%s", line, name)
			}
			if !hasValue && i+1 < len(words) && slices.Contains([]string{"run", "bench", "fuzz"}, name) {
				i++
				value = words[i]
			}
			if !v.selects(name, value, folders) {
				report("%s: -%s %s is none of %v", line, name, value, folders)
			}
		}
	}
}

// selects reports whether the pattern of a flag of go test selects anything in the
// folders; flags that select nothing pass.
func (v *inventory) selects(flag, pattern string, folders []string) bool {
	prefix, selecting := map[string]string{"run": "Test", "bench": "Benchmark", "fuzz": "Fuzz"}[flag]
	matches, err := regexp.Compile(pattern)
	if !selecting || pattern == "^$" || err != nil {
		return err == nil
	}
	for name, in := range v.tests {
		if strings.HasPrefix(name, prefix) && matches.MatchString(name) && slices.ContainsFunc(in, func(folder string) bool { return slices.Contains(folders, folder) }) {
			return true
		}
	}
	return false
}

func anyCommandHas(command *cobra.Command, flag string) bool {
	return command.Flag(flag) != nil || slices.ContainsFunc(command.Commands(), func(sub *cobra.Command) bool { return anyCommandHas(sub, flag) })
}
