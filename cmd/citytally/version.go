package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program and of what it stands on", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "citytally %s, %s %s/%s\n", app.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			for _, m := range app.Dependencies("github.com/nats-io/nats-server/v2", "github.com/nats-io/nats.go", "github.com/ClickHouse/clickhouse-go/v2") {
				fmt.Fprintf(out, "  %s %s\n", m.Path, m.Version)
			}
			return nil
		},
	}
}
