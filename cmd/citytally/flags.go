package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

// choice is a flag that takes one of a few words. The same list checks a word, is
// printed in the usage, and completes the word in the shell.
type choice struct {
	value    string
	words    []string
	unlisted []string // words that are taken too, and neither printed nor completed
}

func (c *choice) String() string { return c.value }

func (c *choice) Type() string { return "string" }

func (c *choice) Set(word string) error {
	if !slices.Contains(c.words, word) && !slices.Contains(c.unlisted, word) {
		return &wordError{got: word, want: c.words}
	}
	c.value = word
	return nil
}

func (c *choice) offered() []string { return c.words }

// list returns the words as the usage prints them: table, csv or json.
func (c *choice) list() string {
	last := len(c.words) - 1
	return strings.Join(c.words[:last], ", ") + " or " + c.words[last]
}

// choices is a flag that takes any of a few words, separated by commas.
type choices struct {
	pflag.Value // a list of strings
	words       []string
}

func (c *choices) Set(list string) error {
	for word := range strings.SplitSeq(list, ",") {
		if !slices.Contains(c.words, word) {
			return &wordError{got: word, want: c.words}
		}
	}
	return c.Value.Set(list)
}

func (c *choices) offered() []string { return c.words }

// wordError is a word that a flag does not take.
type wordError struct {
	got  string
	want []string
}

func (e *wordError) Error() string {
	return fmt.Sprintf("want %s, got %q", strings.Join(e.want, ", "), e.got)
}

// completeWords registers the shell's completion of flags that take a few words.
func completeWords(command *cobra.Command) {
	command.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if c, ok := f.Value.(interface{ offered() []string }); ok {
			// It fails only for a flag that another command has completed already.
			_ = command.RegisterFlagCompletionFunc(f.Name, cobra.FixedCompletions(c.offered(), cobra.ShellCompDirectiveNoFileComp))
		}
	})
	for _, sub := range command.Commands() {
		completeWords(sub)
	}
}

// formatFlag adds --format; the default is the first of the formats.
func formatFlag(cmd *cobra.Command, formats ...string) *choice {
	c := &choice{value: formats[0], words: formats}
	cmd.Flags().Var(c, "format", c.list())
	return c
}

// languageFlag is --lang.
type languageFlag struct{ choice }

// langFlag adds --lang.
func langFlag(cmd *cobra.Command) *languageFlag {
	l := &languageFlag{choice{words: []string{string(present.Chinese), string(present.English)}, unlisted: []string{""}}}
	cmd.Flags().Var(l, "lang", l.list()+"; default by the locale")
	return l
}

// language returns the language of the flag, or of the locale where it is not given.
func (l *languageFlag) language() present.Language {
	if l.value == "" {
		return localeLanguage()
	}
	return present.Language(l.value)
}

// languageOf returns the language that a command speaks.
func languageOf(cmd *cobra.Command) present.Language {
	if f := cmd.Flags().Lookup("lang"); f != nil {
		if l, ok := f.Value.(*languageFlag); ok {
			return l.language()
		}
	}
	return localeLanguage()
}

func natsFlag(cmd *cobra.Command, a *client.Addresses) {
	cmd.Flags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the instance on --dir")
}

func dsnFlag(cmd *cobra.Command, a *client.Addresses) {
	cmd.Flags().StringVar(&a.ClickHouse, "dsn", "", "ClickHouse `DSN`, instead of that of the instance on --dir")
}

func periodFlag(cmd *cobra.Command, s *client.Selection) {
	cmd.Flags().StringVar(&s.Period, "period", "", "`period`: 2021, 2021-S1, 2021-Q3, 2021-06 or 2021-YTD06")
}

func asOfFlag(cmd *cobra.Command, s *client.Selection) {
	cmd.Flags().StringVar(&s.AsOf, "as-of", "", "answer from what had been received by this `time`: 2022-02-15T12:00:00+08:00, or a day, which means its end")
}
