package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

const credentialsLong = `A district that publishes to the broker itself does so with a key pair (nkey). The
seed is printed once and kept nowhere; the broker knows the public key. With it the
district publishes on submissions.<its area>.<dataset>, looks up its own newest
verdict, and reaches nothing else.

The embedded broker of the instance on --dir knows a key, and its end, within a
second, and cuts the connections of one that has ended. For a broker of your own
make its configuration anew (citytally setup --print-broker-config) and have each
server read it (nats-server --signal reload).

区县直接向消息系统报送所用的密钥：种子只显示一次，服务器只存公钥；加 --revoke 立即撤销。`

func newCredentials(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "credentials", Short: "Say which districts may publish to the broker themselves", Long: credentialsLong,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	connect := func() (*client.Client, error) { return g.client(client.Addresses{}) }
	cmd.AddCommand(newCredentialsNATS(connect), newCredentialsList(connect))
	return cmd
}

func newCredentialsNATS(connect connector) *cobra.Command {
	var revoke bool
	var key, reason string
	cmd := &cobra.Command{
		Use: "nats AREA", Short: "Make a key for an area and print its seed, once; or revoke what it has", Long: credentialsLong,
		Example: `  citytally credentials nats 320812 >320812.nk
  nats --server nats://127.0.0.1:4222 --nkey 320812.nk --inbox-prefix _INBOX_320812 \
    request submissions.320812.sti-annual "$(cat figures.json)"
  citytally credentials nats 320812 --revoke --reason "the laptop is lost"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if revoke != (strings.TrimSpace(reason) != "") {
				return app.Usage(errors.New("--revoke and --reason: want both, for those who ask later, or none"))
			}
			if key != "" && !revoke {
				return app.Usage(errors.New("--key: goes with --revoke"))
			}
			c, err := connect()
			if err != nil {
				return err
			}
			if revoke {
				revoked, err := c.RevokeKeys(args[0], key, reason)
				for i := range revoked {
					fmt.Fprintln(cmd.OutOrStdout(), revoked[i].Key)
				}
				return err
			}
			seed, made, err := c.CreateKey(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s  %s\n", made.Area, made.Key)
			fmt.Fprintln(cmd.OutOrStdout(), seed)
			return nil
		},
	}
	cmd.Flags().BoolVar(&revoke, "revoke", false, "end the keys of the area")
	cmd.Flags().StringVar(&key, "key", "", "end this public `key` alone")
	cmd.Flags().StringVar(&reason, "reason", "", "`why` it is revoked; stays on record")
	return cmd
}

func newCredentialsList(connect connector) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use: "list", Short: "List every key that was ever made", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			keys, err := c.Keys()
			if err != nil {
				return err
			}
			if format.value == present.FormatJSON {
				return present.JSON(cmd.OutOrStdout(), keys)
			}
			rows := present.NewTable(cmd.OutOrStdout(), table.Row{"area", "key", "made", "by", "revoked", "by", "reason"})
			for i := range keys {
				k := &keys[i]
				revoked, by := "", ""
				if !k.RevokedAt.IsZero() {
					revoked, by = k.RevokedAt.Local().Format(time.DateTime), k.RevokedBy.Name
				}
				rows.AppendRow(table.Row{k.Area, k.Key, k.CreatedAt.Local().Format(time.DateTime), k.CreatedBy.Name, revoked, by, k.Reason})
			}
			rows.Render()
			return nil
		},
	}
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	return cmd
}
