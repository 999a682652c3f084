package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/docs"
)

func newDocs() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "docs [TOPIC]",
		Short: "Print a page of the documentation, or the list of pages",
		Example: `  citytally docs
  citytally docs operating`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := docs.List()
			if len(args) > 0 {
				var err error
				if text, err = docs.Page(args[0]); err != nil {
					return app.Usage(err)
				}
			}
			_, err := io.WriteString(cmd.OutOrStdout(), text)
			return err
		},
	}
	for _, topic := range docs.Topics() {
		cmd.ValidArgs = append(cmd.ValidArgs, cobra.CompletionWithDesc(topic.Name, topic.Summary))
	}
	return cmd
}

func newMetrics() *cobra.Command {
	return &cobra.Command{
		Use:   "metrics",
		Short: "List the metrics that a running pipeline tells Prometheus",
		Long: `Print a table of every metric of citytally's own, with its labels and meaning.

A running pipeline tells them on /metrics at operations.address, 127.0.0.1:8471
by default; citytally status prints where. Go's and the process's own metrics
(go_*, process_*) are there as well.`,
		Example: `  citytally metrics
  curl -s http://127.0.0.1:8471/metrics`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			table, err := docs.Page("metrics")
			if err != nil {
				return err
			}
			_, err = io.WriteString(cmd.OutOrStdout(), table)
			return err
		},
	}
}
