package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/stream"
)

const deadLong = `A message that a stage cannot process, such as one that no version of this
program has written, is put aside in DEAD with the reason, and the others go on.
It stays there until somebody deals with it:

  citytally dead list              what there is, and why
  citytally dead show 3            one of them, with its message
  citytally dead replay 3          have it processed again, after an upgrade say
  citytally dead discard 3         do without it

An outage never puts anything aside.

无法处理的消息连同原因存放在 DEAD 中，不影响其他消息，等待人工处理：list 列出，
show 查看，replay 重新处理，discard 丢弃。`

func newDead(g *globals) *cobra.Command {
	a := &client.Addresses{}
	cmd := &cobra.Command{
		Use: "dead", Short: "Deal with messages that could not be processed", Long: deadLong,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the instance on --dir")
	connect := func() (*client.Client, error) { return g.client(*a) }
	cmd.AddCommand(newDeadList(connect), newDeadShow(connect), newDeadReplay(connect), newDeadDiscard(connect))
	return cmd
}

// connector returns a client, once the flags have been read.
type connector func() (*client.Client, error)

func newDeadList(connect connector) *cobra.Command {
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "list", Short: "List what was put aside, and why", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			letters, err := c.Letters(cmd.Context())
			if err != nil {
				return err
			}
			if format.value == present.FormatJSON {
				return present.JSON(cmd.OutOrStdout(), append([]stream.Letter{}, letters...))
			}
			words := &lang.language().Words().Dead
			if len(letters) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), words.None)
				return nil
			}
			rows := present.NewTable(cmd.OutOrStdout(), words.Heading)
			for i := range letters {
				l := &letters[i]
				rows.AppendRow(table.Row{l.Number, l.DiedAt.Local().Format(time.DateTime), l.Stage, l.Stream, l.Sequence, l.Subject, l.Error})
			}
			rows.Render()
			return nil
		},
	}
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newDeadShow(connect connector) *cobra.Command {
	return &cobra.Command{
		Use: "show NUMBER", Short: "Show one of them, with its message as it was", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			c, err := connect()
			if err != nil {
				return err
			}
			letter, err := c.Letter(cmd.Context(), numbers[0])
			if err != nil {
				return err
			}
			return present.JSON(cmd.OutOrStdout(), letter)
		},
	}
}

func newDeadReplay(connect connector) *cobra.Command {
	return newDeadAction(connect, &cobra.Command{
		Use:   "replay NUMBER…",
		Short: "Have them processed again",
		Long: `Send messages that were put aside through their stream again, and take them out
of DEAD. That changes nothing twice: observations and verdicts are known by their
place in SUBMISSIONS, and totals are computed anew rather than repeated. What
still cannot be processed is put aside again, under a new number; what this
version cannot even read is not sent.`,
		Example: "  citytally dead replay 3 4\n  citytally dead replay --all",
	}, func(w *present.DeadWords) string { return w.Replayed }, (*client.Client).ReplayLetters)
}

func newDeadDiscard(connect connector) *cobra.Command {
	return newDeadAction(connect, &cobra.Command{
		Use:   "discard NUMBER…",
		Short: "Do without them",
		Long: `Take messages that were put aside out of DEAD for good. The messages themselves
stay where they were, in their stream, for as long as it keeps them.`,
		Example: "  citytally dead discard 3 4\n  citytally dead discard --all",
	}, func(w *present.DeadWords) string { return w.Discarded }, (*client.Client).DiscardLetters)
}

// newDeadAction completes a command that acts on the letters whose numbers are its
// arguments, or on all letters. What done takes of the words is printed with each number.
func newDeadAction(connect connector, cmd *cobra.Command, done func(*present.DeadWords) string, act func(*client.Client, context.Context, []uint64, func(uint64)) error) *cobra.Command {
	var all bool
	lang := langFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		numbers, err := parseNumbers(args)
		if err != nil {
			return err
		}
		if (len(numbers) == 0) != all {
			return app.Usage(fmt.Errorf("want numbers, as citytally dead list shows them, or --all"))
		}
		c, err := connect()
		if err != nil {
			return err
		}
		return act(c, cmd.Context(), numbers, func(number uint64) {
			fmt.Fprintf(cmd.OutOrStdout(), done(&lang.language().Words().Dead)+"\n", number)
		})
	}
	cmd.Flags().BoolVar(&all, "all", false, "everything that was put aside")
	return cmd
}

func parseNumbers(args []string) ([]uint64, error) {
	numbers := make([]uint64, len(args))
	for i, arg := range args {
		var err error
		if numbers[i], err = strconv.ParseUint(arg, 10, 64); err != nil {
			return nil, app.Usage(fmt.Errorf("%q is not a number as citytally dead list shows them", arg))
		}
	}
	return numbers, nil
}

func newSkip(g *globals) *cobra.Command {
	var a client.Addresses
	var reason string
	var yes *bool
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
			question := fmt.Sprintf("Do without message %d of %s? What is skipped counts nowhere; a later version may be able to read it.", sequence, strings.ToUpper(args[0]))
			if err := confirm(cmd, *yes, question); err != nil {
				return err
			}
			if err := c.Skip(cmd.Context(), strings.ToUpper(args[0]), sequence, reason); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "message %d of %s is skipped from the next start of each stage on\n", sequence, strings.ToUpper(args[0]))
			return nil
		},
	}
	cmd.Flags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the instance on --dir")
	cmd.Flags().StringVar(&reason, "reason", "", "`why` it can be done without; stays on record")
	yes = confirmFlag(cmd)
	return cmd
}
