package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/transfer"
	"github.com/citytally/citytally/ingest/backup"
)

func newBackup(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Back up the log into a directory, while everything runs",
		Long: `Copy the log, and the files of the data directory beside it, into a directory. The
pipeline goes on meanwhile. The first backup copies everything, each later one into
the same directory only what is new; one that is interrupted leaves the directory as
it was. Every file is readable by its owner alone: credentials and tokens are among
them. What is copied goes together: for every verdict its submission, for every total
the figures that it was made of.

ClickHouse is filled from the log and is not copied.

在不停机的情况下把日志、凭据和令牌备份到目录 DIR。第一次备份全部内容，以后只追加新的内容；
中断不会损坏已有的备份。ClickHouse 由日志重建，不在备份之内。`,
		Example: "  citytally backup /srv/backup/citytally\n  citytally backup verify /srv/backup/citytally",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, logger, err := g.logger(cmd)
			if err != nil {
				return err
			}
			c, err := client.New(s, a)
			if err != nil {
				return err
			}
			b, err := c.Backup(cmd.Context(), args[0], app.BackupFiles(s, g.config), showProgress(cmd.ErrOrStderr(), "backup"), logger)
			if other, ok := errors.AsType[*backup.OtherLogError](err); ok {
				return app.Usage(other)
			}
			if damaged, ok := errors.AsType[*backup.DamagedLogError](err); ok {
				return app.Usage(damaged)
			}
			if err != nil {
				return err
			}
			return printBackup(cmd.OutOrStdout(), b, format.value, &lang.language().Words().Backup)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	cmd.AddCommand(newBackupVerify())
	return cmd
}

func newBackupVerify() *cobra.Command {
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "verify DIR",
		Short: "Read a backup and hold it against its digests",
		Long: `Read every file of a backup, hold it against its digest and the streams against each
other, and name what is damaged. Nothing has to run.

逐一读取备份中的文件，核对摘要以及各流之间的对应关系，指出损坏之处。无需运行任何服务。`,
		Example: "  citytally backup verify /srv/backup/citytally",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := backup.Verify(args[0], showProgress(cmd.ErrOrStderr(), "verify"))
			if errors.Is(err, fs.ErrNotExist) && m == nil {
				return app.Usage(err)
			}
			if err != nil {
				return err
			}
			if format.value == present.FormatJSON {
				return present.JSON(cmd.OutOrStdout(), m)
			}
			fmt.Fprintf(cmd.OutOrStdout(), lang.language().Words().Backup.Whole+"\n", len(m.Backups), m.Newest().At.Format(time.RFC3339))
			return nil
		},
	}
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func printBackup(w io.Writer, b *backup.Backup, format string, words *present.BackupWords) error {
	if format == present.FormatJSON {
		return present.JSON(w, b)
	}
	rows := present.NewTable(w, words.Heading)
	for i := range b.Streams {
		s := &b.Streams[i]
		segment := cmp.Or(s.Segment, &backup.Segment{})
		rows.AppendRow(table.Row{s.Name, s.Last, segment.Messages, segment.Size})
	}
	rows.Render()
	for i := range b.Files {
		fmt.Fprintf(w, words.File+"\n", b.Files[i].Path)
	}
	fmt.Fprintln(w, words.Left)
	return nil
}

// progressInterval is the least time between two lines of progress, or two states of a bar.
const progressInterval, barInterval = 3 * time.Second, 100 * time.Millisecond

// showProgress returns a function that shows how far streams have come: a bar on a terminal, else
// a line every few seconds.
func showProgress(w io.Writer, what string) func(backup.Progress) {
	terminal := present.IsTerminal(w)
	last := time.Now()
	return func(p backup.Progress) {
		done := p.Messages >= p.Of
		switch {
		case terminal && (done || time.Since(last) >= barInterval):
			const width = 30
			filled := width
			if !done {
				filled = int(p.Messages * width / p.Of)
			}
			fmt.Fprintf(w, "\r%s %-12s [%s%s] %d of %d", what, p.Stream, strings.Repeat("#", filled), strings.Repeat(" ", width-filled), p.Messages, p.Of)
			if done {
				fmt.Fprintln(w)
			}
		case !terminal && time.Since(last) >= progressInterval:
			fmt.Fprintf(w, "%s: %s, message %d of %d\n", what, p.Stream, p.Messages, p.Of)
		default:
			return
		}
		last = time.Now()
	}
}

func newRestore(g *globals) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "restore DIR",
		Short: "Put the newest backup of a directory back",
		Long: `Verify a backup and put the log of the newest one back: into the embedded broker of
--dir, on which nothing may run, or into the broker of the settings (--config), which
must have streams that nobody has used, or none. Messages keep their sequence and time. Where the data directory
has a log already, that is moved aside and stays; no file is replaced.

An empty ClickHouse is filled from the log at the next start. One that shows more
than the backup has is left as it is: citytally status names what the log has lost,
and what to do.

核对备份并恢复其中最新的日志：恢复到 --dir 的内置 NATS（其上不得有程序运行），或设置中指定的、
尚无任何流的 NATS。原有数据移到一旁，不会删除；已有的文件不会被覆盖。`,
		Example: "  citytally restore /srv/backup/citytally --dir /srv/citytally\n  citytally restore /srv/backup/citytally --config cluster.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, logger, err := g.logger(cmd)
			if err != nil {
				return err
			}
			restored, err := transfer.Restore(cmd.Context(), s, args[0], showProgress(cmd.ErrOrStderr(), "restore"), logger)
			if err != nil {
				return err
			}
			return printTransfer(cmd.OutOrStdout(), restored, format.value)
		},
	}
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	return cmd
}

func newMove(g *globals) *cobra.Command {
	var to string
	var format *choice
	cmd := &cobra.Command{
		Use:   "move --to FILE",
		Short: "Move the log from one broker to another, embedded or not",
		Long: `Copy the log of the settings' broker (--config, --dir) into the broker of another
settings file, whose streams nobody may have used: from the embedded broker to a cluster, or
back. Every stage is to be stopped first. Messages keep their sequence and time, and
what was moved from stays as it is.

把一个 NATS（内置或集群）中的日志搬到另一份设置所指的、各流尚未用过的 NATS。须先停止所有环节；
原处的数据保持不变。`,
		Example: "  citytally move --dir /srv/citytally --to cluster.yaml\n  citytally move --config cluster.yaml --to embedded.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			g.oneOfTwo = true
			from, logger, err := g.logger(cmd)
			if err != nil {
				return err
			}
			if to == "" {
				return app.Usage(errors.New("want --to, a settings file that names the other broker"))
			}
			other, err := (&globals{config: to, oneOfTwo: true}).settings()
			if err != nil {
				return err
			}
			moved, err := transfer.Move(cmd.Context(), from, other, showProgress(cmd.ErrOrStderr(), "move"), logger)
			if err != nil {
				return err
			}
			return printTransfer(cmd.OutOrStdout(), moved, format.value)
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "settings `file` that names the broker to move to")
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	return cmd
}

func printTransfer(w io.Writer, r *transfer.Restored, format string) error {
	if format == present.FormatJSON {
		return present.JSON(w, r)
	}
	rows := present.NewTable(w, table.Row{"stream", "messages", "up to message"})
	for i := range r.Backup.Streams {
		s := &r.Backup.Streams[i]
		rows.AppendRow(table.Row{s.Name, s.Messages, s.Last})
	}
	rows.Render()
	fmt.Fprintf(w, "the log is as of %s; what came later is not in it\n", r.Backup.At.Format(time.RFC3339))
	for _, f := range r.Files {
		fmt.Fprintf(w, "%s: %s (%s)\n", f.Name, f.Done, f.Path)
	}
	if r.Aside != "" {
		fmt.Fprintf(w, "the log that was there before is in %s; delete it when it is no longer wanted\n", r.Aside)
	}
	if r.ClickHouse != "" {
		fmt.Fprintf(w, "ClickHouse %s\n", r.ClickHouse)
	}
	return nil
}
