package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/token"
)

const tokenLong = `A token lets whoever has it use the gateways. One that is created here is known to
every gateway at once, and so is its end; nobody keeps the secret itself, only its
SHA-256. Tokens in a tokens file (ingest.tokens_file) let people in as well, at the
gateways that read the file; revoking one here ends it at all of them.

  district   sends figures of its area, and sees what became of them
  bureau     does so for every area
  analyst    looks up, and sends nothing

令牌用于访问接收网关：create 签发，list 列出，revoke 立即撤销。系统只保存令牌的 SHA-256，
令牌本身只显示一次。`

func newToken(g *globals) *cobra.Command {
	a := &client.Addresses{}
	cmd := &cobra.Command{
		Use: "token", Short: "Say who may use the gateways", Long: tokenLong,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the instance on --dir")
	connect := func() (*client.Client, error) { return g.client(*a) }
	cmd.AddCommand(newTokenCreate(connect), newTokenList(connect), newTokenRevoke(connect))
	return cmd
}

func newTokenCreate(connect connector) *cobra.Command {
	var n client.NewToken
	var lang *languageFlag
	role := &choice{}
	for _, known := range token.Roles() {
		role.words = append(role.words, string(known))
	}
	cmd := &cobra.Command{
		Use: "create --area AREA", Short: "Issue a token and print it, once",
		Long: `Issue a token and print it on standard output, alone and once: nobody can ask for it
later. "*" is every area, for the bureau and for analysts.`,
		Example: `  citytally token create --area 320812 --expires 2027-12-31
  citytally token create --area "*" --role analyst --name "research office"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			printer, err := c.Printer(cmd.Context(), lang.language())
			if err != nil {
				return err
			}
			n.Role = token.Role(role.value)
			secret, issued, err := c.CreateToken(cmd.Context(), n)
			if err != nil {
				return err
			}
			printer.PrintIssued(cmd.ErrOrStderr(), &issued)
			fmt.Fprintln(cmd.OutOrStdout(), secret)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&n.Area, "area", "", "`code` of the area, or * for all")
	flags.Var(role, "role", "what for: "+role.list()+"; without it district, or bureau for *")
	flags.StringVar(&n.Name, "name", "", "whose token it is; without it the area's name")
	flags.StringVar(&n.Expires, "expires", "", "last `day`, such as 2027-12-31, or an instant in the form of RFC 3339; without it never")
	lang = langFlag(cmd)
	return cmd
}

func newTokenList(connect connector) *cobra.Command {
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "list", Short: "List every token that was ever issued, and those of the tokens file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			printer, err := c.Printer(cmd.Context(), lang.language())
			if err != nil {
				return err
			}
			tokens, err := c.Tokens(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Tokens(cmd.OutOrStdout(), tokens, format.value)
		},
	}
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newTokenRevoke(connect connector) *cobra.Command {
	var reason string
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "revoke ID --reason WHY", Short: "End a token at every gateway, at once and for ever",
		Long: `End a token, by the id that "citytally token list" shows, at every gateway, at once and
for ever. A gateway that the broker cannot reach lets nobody in until it can.`,
		Example: `  citytally token revoke 3f8a0c51d2e7 --reason "left the bureau"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return app.Usage(errors.New("--reason: want why it is revoked, for those who ask later"))
			}
			c, err := connect()
			if err != nil {
				return err
			}
			printer, err := c.Printer(cmd.Context(), lang.language())
			if err != nil {
				return err
			}
			revoked, err := c.RevokeToken(cmd.Context(), args[0], reason)
			if err != nil {
				return err
			}
			printer.PrintRevoked(cmd.OutOrStdout(), &revoked)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "`why` it is revoked; stays on record")
	lang = langFlag(cmd)
	return cmd
}
