package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newRulesApply(g *globals) *cobra.Command {
	var a client.Addresses
	var reason string
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Tell what a file of rules would find, and put it in force", Args: cobra.ExactArgs(1),
		Long: `Tell what differs between the rules in force and those of a file, and how many of
the figures in force each of them would find if they were reported now. Nothing is
changed without a reason.

With --reason the rules are put in force at one place of the log, where every
validator changes over, without a restart. What was judged before keeps its
verdict, which names the version of the rules; no figure is judged anew.`,
		Example: `  citytally rules apply our-rules.yaml
  citytally rules apply our-rules.yaml --reason "2022年审核规则"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			set, printer, err := g.rules(cmd.Context(), args[0], lang)
			if err != nil {
				return err
			}
			c, err := g.client(a)
			if err != nil {
				return err
			}
			applied, err := c.ApplyRules(cmd.Context(), set, reason)
			if err != nil {
				return err
			}
			return printer.AppliedRules(cmd.OutOrStdout(), applied, format.value)
		},
	}
	natsFlag(cmd, &a)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who ask later; puts the rules in force")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newRulesHistory(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "history", Short: "List the rules that have been in force", Args: cobra.NoArgs,
		Long: `List the versions of the rules that have been in force, the oldest first: from
which message of ACCEPTED on, since when, by whom, and why.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			all, err := c.RulesHistory(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Editions(cmd.OutOrStdout(), all, format.value)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
