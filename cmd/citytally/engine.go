package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/sink/chdb"
)

// newEngine is the hidden command by which the program runs the embedded
// ClickHouse as a child of itself.
func newEngine() *cobra.Command {
	return &cobra.Command{
		Use: chdb.ChildCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := chdb.Child(cmd.Context(), os.Stdin, os.Stdout); err != nil {
				return silentError(exitFailure) // the child has told its parent why
			}
			return nil
		},
	}
}
