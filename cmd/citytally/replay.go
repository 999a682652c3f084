package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/judge"
)

func newReplay(g *globals) *cobra.Command {
	var a client.Addresses
	var from, into string
	var discardNewer, withoutTexts bool
	var textFiles []string
	var yes *bool
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "replay --into clickhouse | --from submissions",
		Short: "Fill ClickHouse from the log again, or ACCEPTED from the submissions",
		Long: `With --into clickhouse, fill new tables from the log beside those in ClickHouse,
in the database NAME_rebuild, and put them in their place when they are full:
after tables were damaged or lost, or for an empty server. Where ClickHouse holds
what the log has lost, nothing is dropped unless --discard-newer says so.

The pipeline may go on meanwhile; what arrives is stored as ever, and readers use
the old tables until the new ones are there. Killed, it goes on where it had come
to when it is called again. Verdicts and totals that the log no longer keeps
(streams.verdicts_for, streams.totals_for) are taken over from the old tables;
with --discard-newer they are gone.

With --from submissions, bring back what the log has lost: verdicts, from the copy in
ClickHouse, and where that has none as far as the accepted figures tell; accepted
figures, as the submissions and verdicts tell; and decisions of the bureau (locks,
reopenings, what was released and refused, catalogues and rules), from the copy in
ClickHouse, in their order. Then let the pipeline work on. Accepted figures and
decisions that do not come back are named and given up with --discard-newer only.
Of catalogues and rules ClickHouse has no text: where another one was in force than
that of the settings, give its file with --text; without, nothing is brought back.

--into clickhouse：在 ClickHouse 中另建新表，从日志填满后替换旧表；期间可继续报送，查询照常，
中断后再次运行即从断点继续。ClickHouse 中有日志已丢失的数据时，须加 --discard-newer。
--from submissions：补回日志中已丢失的审核结果（取自 ClickHouse，其中没有的按入库数据推定），
并按日志中仍有的报送和审核结果，补回已丢失的入库数据；锁定、重新开放、待核实数据的核准和退回、
目录和校验规则的启用，按 ClickHouse 中的记录依原顺序恢复。ClickHouse 中没有目录和规则的原文：
曾启用的目录或规则与设置不同的，须用 --text 给出其文件，否则不作任何恢复。
无法补回的入库数据和决定会逐一列出，须加 --discard-newer 才放弃。`,
		Example: "  citytally replay --into clickhouse\n  citytally replay --from submissions",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, logger, err := g.logger(cmd)
			if err != nil {
				return err
			}
			c, err := client.New(s, a)
			if err != nil {
				return err
			}
			words := &lang.language().Words().Replay
			switch {
			case into == "clickhouse" && from == "":
				question := words.AskRebuild
				if discardNewer {
					question = words.AskDiscard
				}
				if err := confirm(cmd, *yes, question); err != nil {
					return err
				}
				rebuilt, err := c.Rebuild(cmd.Context(), discardNewer, logger)
				if err != nil {
					return err
				}
				return printRebuilt(cmd.OutOrStdout(), rebuilt, format.value, words)
			case from == "submissions" && into == "":
				texts := make([]string, len(textFiles))
				for i, name := range textFiles {
					text, err := os.ReadFile(name)
					if err != nil {
						return app.Usage(fmt.Errorf("--text: %w", err))
					}
					texts[i] = string(text)
				}
				restored, err := c.RestoreAccepted(cmd.Context(), texts, withoutTexts, discardNewer, logger)
				if err != nil {
					return err
				}
				return printRestored(cmd.OutOrStdout(), restored, format.value, lang.language())
			}
			return app.Usage(errors.New("want --into clickhouse, to say what is replaced and filled again, or --from submissions"))
		},
	}
	natsFlag(cmd, &a)
	dsnFlag(cmd, &a)
	cmd.Flags().StringVar(&into, "into", "", "what to fill again: clickhouse")
	cmd.Flags().StringVar(&from, "from", "", "what to bring lost figures back from: submissions")
	cmd.Flags().BoolVar(&discardNewer, "discard-newer", false, "drop also what ClickHouse alone still holds, because the log has lost it or no longer keeps it; with --from submissions, go on without what does not come back")
	cmd.Flags().StringArrayVar(&textFiles, "text", nil, "with --from submissions: `file` of a catalogue or of rules that were in force; may be repeated")
	cmd.Flags().BoolVar(&withoutTexts, "without-texts", false, "with --from submissions: go on without catalogues and rules whose file is not given; they are named, and not in force any more")
	yes = confirmFlag(cmd)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func printRebuilt(w io.Writer, rebuilt []sink.Rebuilt, format string, words *present.ReplayWords) error {
	if format == present.FormatJSON {
		return present.JSON(w, rebuilt)
	}
	rows := present.NewTable(w, words.Rebuilt)
	for _, r := range rebuilt {
		rows.AppendRow(table.Row{r.Stream, r.From, r.To, r.Messages, r.Rows, r.Unreadable})
	}
	rows.Render()
	return nil
}

func printRestored(w io.Writer, restored judge.Restored, format string, language present.Language) error {
	if format == present.FormatJSON {
		return present.JSON(w, restored)
	}
	words, lost := &language.Words().Replay, restored.LostDecisions
	if language == present.Chinese {
		lost = restored.LostDecisionsZH
	}
	rows := present.NewTable(w, words.Restored)
	rows.AppendRow(table.Row{restored.Submissions, restored.Lost, restored.Lost - restored.Untold, restored.Untold, restored.Verdicts, restored.Derived, restored.Decisions, strings.Join(restored.Releases, ", ")})
	rows.Render()
	for _, id := range restored.LostSubmissions {
		lost = append(lost, fmt.Sprintf(words.LostSubmission, id))
	}
	for _, what := range lost {
		if _, err := fmt.Fprintf(w, words.Lost+"\n", what); err != nil {
			return err
		}
	}
	return nil
}
