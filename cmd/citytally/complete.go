package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// completeWords lets the shell complete flags that take one of a few words. The
// flag's usage lists them: "table, json or csv; default …".
func completeWords(command *cobra.Command) {
	command.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if words := usageWords(f); words != nil {
			// It fails only for a flag that another command has completed already.
			_ = command.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
		}
	})
	for _, sub := range command.Commands() {
		completeWords(sub)
	}
}

func usageWords(f *pflag.Flag) []string {
	switch f.Name {
	case "only":
		return allStages()
	case "log-level":
		return []string{"debug", "info", "warn", "error"}
	case "format", "lang":
	default:
		return nil
	}
	list, _, _ := strings.Cut(f.Usage, ";")
	words := strings.FieldsFunc(strings.ReplaceAll(list, " or ", ","), func(r rune) bool { return r == ',' || r == ' ' })
	return slices.Compact(words)
}
