package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
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
	t := &target{globals: g}
	cmd := &cobra.Command{
		Use: "dead", Short: "Deal with messages that could not be processed", Long: deadLong,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&t.nats, "nats", "", "broker `URL`, instead of that of the instance on --dir")
	cmd.AddCommand(newDeadList(t), newDeadShow(t), newDeadReplay(t), newDeadDiscard(t))
	return cmd
}

// letters opens the log and reads DEAD. The returned function disconnects.
func (t *target) letters(ctx context.Context) (*stream.Log, []stream.Letter, func(), error) {
	if err := t.resolve(); err != nil {
		return nil, nil, nil, err
	}
	log, disconnect, err := t.log(zerolog.Nop())
	if err != nil {
		return nil, nil, nil, err
	}
	letters, err := log.Letters(ctx)
	if err != nil {
		disconnect()
		return nil, nil, nil, err
	}
	return log, letters, disconnect, nil
}

func newDeadList(t *target) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "list", Short: "List what was put aside, and why", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", format, "table", "json"); err != nil {
				return err
			}
			_, letters, disconnect, err := t.letters(cmd.Context())
			if err != nil {
				return err
			}
			defer disconnect()
			if format == "json" {
				if letters == nil {
					letters = []stream.Letter{}
				}
				return printJSON(cmd.OutOrStdout(), letters)
			}
			if len(letters) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was put aside")
				return nil
			}
			rows := newTable(cmd.OutOrStdout(), table.Row{"number", "died", "stage", "stream", "sequence", "subject", "why"})
			for i := range letters {
				l := &letters[i]
				rows.AppendRow(table.Row{l.Number, l.DiedAt.Local().Format(time.DateTime), l.Stage, l.Stream, l.Sequence, l.Subject, l.Error})
			}
			rows.Render()
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}

func newDeadShow(t *target) *cobra.Command {
	return &cobra.Command{
		Use: "show NUMBER", Short: "Show one of them, with its message as it was", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			numbers, err := parseNumbers(args)
			if err != nil {
				return err
			}
			_, letters, disconnect, err := t.letters(cmd.Context())
			if err != nil {
				return err
			}
			defer disconnect()
			chosen, err := choose(letters, numbers, false)
			if err != nil {
				return err
			}
			return printJSON(cmd.OutOrStdout(), struct {
				stream.Letter
				// Message is the body as something that can be read.
				Message any `json:"message"`
			}{chosen[0], legible(&chosen[0])})
		},
	}
}

// legible is a message's body as JSON where it is any, or what it decodes to, or
// text; else nil, and the body in base64 has to do.
func legible(l *stream.Letter) any {
	if json.Valid(l.Body) {
		return json.RawMessage(l.Body)
	}
	if batch, err := event.DecodeAccepted(l.Body); l.Stream == stream.Accepted && err == nil {
		return batch
	}
	if batch, err := event.DecodeTotals(l.Body); l.Stream == stream.Totals && err == nil {
		return batch
	}
	if utf8.Valid(l.Body) {
		return string(l.Body)
	}
	return nil
}

func newDeadReplay(t *target) *cobra.Command {
	return newDeadAction(t, &cobra.Command{
		Use:   "replay NUMBER…",
		Short: "Have them processed again",
		Long: `Send messages that were put aside through their stream again, and take them out
of DEAD. That changes nothing twice: observations and verdicts are known by their
place in SUBMISSIONS, and totals are computed anew rather than repeated. What
still cannot be processed is put aside again, under a new number; what this
version cannot even read is not sent.`,
		Example: "  citytally dead replay 3 4\n  citytally dead replay --all",
	}, "replayed", reconcile.Reprocess)
}

func newDeadDiscard(t *target) *cobra.Command {
	return newDeadAction(t, &cobra.Command{
		Use:   "discard NUMBER…",
		Short: "Do without them",
		Long: `Take messages that were put aside out of DEAD for good. The messages themselves
stay where they were, in their stream, for as long as it keeps them.`,
		Example: "  citytally dead discard 3 4\n  citytally dead discard --all",
	}, "discarded", func(context.Context, *stream.Log, *stream.Letter) error { return nil })
}

// newDeadAction completes a command that does something with letters and removes
// them then.
func newDeadAction(t *target, cmd *cobra.Command, done string, act func(context.Context, *stream.Log, *stream.Letter) error) *cobra.Command {
	var all bool
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		numbers, err := parseNumbers(args)
		if err != nil {
			return err
		}
		if (len(numbers) == 0) != all {
			return usage(fmt.Errorf("want numbers, as citytally dead list shows them, or --all"))
		}
		ctx := cmd.Context()
		log, letters, disconnect, err := t.letters(ctx)
		if err != nil {
			return err
		}
		defer disconnect()
		chosen, err := choose(letters, numbers, all)
		if err != nil {
			return err
		}
		var errs []error
		for i := range chosen {
			err := act(ctx, log, &chosen[i])
			if err == nil {
				err = log.Discard(ctx, &chosen[i])
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d %s\n", chosen[i].Number, done)
		}
		return errors.Join(errs...)
	}
	cmd.Flags().BoolVar(&all, "all", false, "everything that was put aside")
	return cmd
}

func parseNumbers(args []string) ([]uint64, error) {
	numbers := make([]uint64, len(args))
	for i, arg := range args {
		var err error
		if numbers[i], err = strconv.ParseUint(arg, 10, 64); err != nil {
			return nil, usage(fmt.Errorf("%q is not a number as citytally dead list shows them", arg))
		}
	}
	return numbers, nil
}

// choose picks letters by number, in the order of the numbers.
func choose(letters []stream.Letter, numbers []uint64, all bool) ([]stream.Letter, error) {
	if all {
		return letters, nil
	}
	byNumber := make(map[uint64]stream.Letter, len(letters))
	for _, l := range letters {
		byNumber[l.Number] = l
	}
	var chosen []stream.Letter
	for _, n := range numbers {
		l, ok := byNumber[n]
		if !ok {
			return nil, fmt.Errorf("nothing in DEAD has the number %d; see: citytally dead list", n)
		}
		chosen = append(chosen, l)
	}
	return chosen, nil
}
