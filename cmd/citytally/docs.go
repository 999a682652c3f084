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
