package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/transform/rules"
)

func newRules(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "rules", Short: "List, check, test, explain or apply the rules that figures are held against", Args: cobra.NoArgs,
		Long: `Rules find what is wrong or odd about a figure that reads well: a part above its
whole, 万元 for 亿元, a year to date that falls. They are a YAML file with expressions
in CEL. Those in use are those in force in the log of the running instance; where
nothing runs, those of the settings (rules:), or the built-in ones.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRulesList(g), newRulesCheck(g), newRulesTest(g), newRulesExplain(g), newRulesApply(g), newRulesHistory(g))
	return cmd
}

// rules loads the rules at path, for the catalogue in use, and a printer for them; "" is those
// in use.
func (g *globals) rules(ctx context.Context, path string, lang *languageFlag) (*rules.Set, *present.Printer, error) {
	s, err := g.settings()
	if err != nil {
		return nil, nil, err
	}
	c, err := g.catalogue(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	var set *rules.Set
	if path == "" {
		var running *client.Client
		if running, err = g.client(client.Addresses{}); err != nil {
			return nil, nil, err
		}
		set, err = running.Rules(ctx)
	} else {
		s.Rules = path
		set, err = s.LoadRules(c)
	}
	if all := strict.Flatten(err); len(all) > 1 {
		err = fmt.Errorf("%s: %d mistakes\n%w", s.Rules, len(all), err)
	}
	if err != nil {
		return nil, nil, app.Usage(err)
	}
	return set, &present.Printer{Catalogue: c, Language: lang.language()}, nil
}

func newRulesList(g *globals) *cobra.Command {
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "list [FILE]", Short: "List the rules with their severity, scope and thresholds", Args: cobra.MaximumNArgs(1),
		Example: "  citytally rules list --lang zh",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, printer, err := g.rules(cmd.Context(), argument(args, 0), lang)
			if err != nil {
				return err
			}
			return printer.Rules(cmd.OutOrStdout(), set, format.value)
		},
	}
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newRulesCheck(g *globals) *cobra.Command {
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "check [FILE]", Short: "Report every mistake in a file of rules at once", Args: cobra.MaximumNArgs(1),
		Long: `Read rules and report everything that is wrong in them, each with its line:
unknown keys, expressions that do not compile or name nothing, indicators, datasets
and areas that the catalogue in use does not have, messages with placeholders that
nothing fills. The exit code is 2 when there are mistakes.`,
		Example: "  citytally rules check our-rules.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, printer, err := g.rules(cmd.Context(), argument(args, 0), lang)
			if err != nil {
				return err
			}
			printer.GoodRules(cmd.OutOrStdout(), set)
			return nil
		},
	}
	lang = langFlag(cmd)
	return cmd
}

func newRulesTest(g *globals) *cobra.Command {
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "test [FILE]", Short: "Evaluate the examples of the rules", Args: cobra.MaximumNArgs(1),
		Long: `Evaluate every example of every rule: those below pass may have no fault, those
below fail must. The exit code is 1 when one comes out otherwise.`,
		Example: "  citytally rules test our-rules.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, printer, err := g.rules(cmd.Context(), argument(args, 0), lang)
			if err != nil {
				return err
			}
			if bad := printer.TestedRules(cmd.OutOrStdout(), set.Test()); bad > 0 {
				return fmt.Errorf("%d examples came out otherwise than the rules say; mend the expressions, or the examples", bad)
			}
			return nil
		},
	}
	lang = langFlag(cmd)
	return cmd
}

func newRulesExplain(g *globals) *cobra.Command {
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "explain RULE", Short: "Print one rule with its examples and what is said about them", Args: cobra.ExactArgs(1),
		Example: "  citytally rules explain unit_slip",
		RunE: func(cmd *cobra.Command, args []string) error {
			set, printer, err := g.rules(cmd.Context(), "", lang)
			if err != nil {
				return err
			}
			rule, ok := set.Rule(args[0])
			if !ok {
				return app.Usage(fmt.Errorf("there is no rule %q; \"citytally rules list\" lists them", args[0]))
			}
			return printer.Rule(cmd.OutOrStdout(), set, rule)
		},
	}
	lang = langFlag(cmd)
	return cmd
}
