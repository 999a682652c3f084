package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
)

func newSkip(g *globals) *cobra.Command {
	var a client.Addresses
	var reason, by string
	cmd := &cobra.Command{
		Use:   "skip STREAM SEQUENCE --reason WHY",
		Short: "Have every stage pass over one message that stops it",
		Long: `Have every stage pass over one message from its next start on: a message whose
layout only a later version could read, which stops the stage that meets it. Where a
later version exists, upgrade instead: what is skipped counts nowhere.

The reason stays in DEAD (citytally dead list); discarding it there ends the skip.

让各环节在下次启动后跳过一条无法处理的消息（例如由更新版本写入的消息）。如有新版本，
请升级；被跳过的消息不计入任何结果。`,
		Example: `  citytally skip ACCEPTED 17 --reason "test message of the 3.0 beta"`,
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			sequence, err := strconv.ParseUint(args[1], 10, 64)
			if err != nil || sequence == 0 {
				return app.Usage(fmt.Errorf("SEQUENCE: want the number that the error names, got %q", args[1]))
			}
			if strings.TrimSpace(reason) == "" {
				return app.Usage(errors.New("--reason: want why the message can be done without"))
			}
			c, err := g.client(a)
			if err != nil {
				return err
			}
			if err := c.Skip(cmd.Context(), strings.ToUpper(args[0]), sequence, reason, by); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "message %d of %s is skipped from the next start of each stage on\n", sequence, strings.ToUpper(args[0]))
			return nil
		},
	}
	cmd.Flags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the instance on --dir")
	cmd.Flags().StringVar(&reason, "reason", "", "`why` it can be done without; stays on record")
	cmd.Flags().StringVar(&by, "by", client.CurrentUser(), "`who` says so")
	return cmd
}
