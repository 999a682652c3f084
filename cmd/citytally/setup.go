package main

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newSetup(g *globals) *cobra.Command {
	var a client.Addresses
	var apply, printBroker bool
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "setup [--apply]",
		Short: "Show how the broker's streams differ from the settings, and change them",
		Long: `Compare the broker's streams with the settings of this command, and print what
differs. With --apply, create the streams that are absent and change the others, and
create the tables and views of the ClickHouse server at clickhouse.dsn, or bring
them up to date.

On a cluster the stages create streams that are absent and change none: a stage
whose settings differ does not start, and says so. citytally run and demo keep the
streams of their own embedded broker to the settings themselves.

With --print-broker-config, print instead the accounts and users that a broker of
your own needs, as a part of nats-server's configuration file. The passwords in it
are variables, to be set in the environment of nats-server; citytally status
--secrets shows those of the data directory, which are made where there are none.

比较 NATS 中各流与设置的差异；加 --apply 则按设置创建或修改。各环节只创建缺少的流，
从不修改已有的流。`,
		Example: "  citytally setup --config citytally.yaml\n  citytally setup --config citytally.yaml --apply\n  citytally setup --print-broker-config >accounts.conf",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			if printBroker {
				return c.PrintBrokerConfig(cmd.OutOrStdout())
			}
			changes, revoked, err := c.Setup(cmd.Context(), !apply)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			migrated := false
			if apply {
				if migrated, err = c.SetupStore(cmd.Context()); err != nil {
					return err
				}
			}
			if format.value == present.FormatJSON {
				return present.JSON(out, changes)
			}
			words := &lang.language().Words().Setup
			if len(revoked) > 0 {
				fmt.Fprintf(out, words.Revoked+"\n", strings.Join(revoked, ", "))
			}
			if migrated {
				fmt.Fprintln(out, words.Migrated)
			}
			if len(changes) == 0 {
				fmt.Fprintln(out, words.Same)
				return nil
			}
			heading := words.Would
			if apply {
				heading = words.Became
			}
			rows := present.NewTable(out, heading)
			for _, c := range changes {
				rows.AppendRow(table.Row{c.Stream, c.Setting, c.Is, c.Wanted})
			}
			rows.Render()
			if !apply {
				fmt.Fprintln(out, words.Unchanged)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the settings or of the instance on --dir")
	cmd.Flags().BoolVar(&apply, "apply", false, "create and change what differs")
	cmd.Flags().BoolVar(&printBroker, "print-broker-config", false, "print the accounts and users for a broker of your own instead")
	cmd.MarkFlagsMutuallyExclusive("apply", "print-broker-config")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
