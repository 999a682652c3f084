package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
)

func newServe(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run one embedded server alone, for stages that run elsewhere",
		Long: `Run the embedded broker or the embedded ClickHouse alone, as citytally run has it
beside the stages: with the same settings (nats.embedded, clickhouse.embedded), users,
TLS, confinement and data directory, and /readyz and /metrics of its own. Stages of
other processes and machines reach it by nats.url and clickhouse.dsn.

单独运行内嵌的 NATS 或 ClickHouse，供其他进程或机器上的环节使用。`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var nats, clickhouse listenFlags
	broker := &cobra.Command{
		Use:   "nats",
		Short: "Run the embedded broker alone",
		Long: `Run the embedded broker alone, until SIGTERM or Ctrl-C. Its streams are kept to the
settings here; a stage whose settings differ does not start. The stages' passwords are in
credentials.json of this data directory: copy it into theirs, or set nats.user and
nats.password (citytally status --secrets prints them).`,
		Example: `  citytally serve nats --dir /srv/nats
  CITYTALLY_NATS_EMBEDDED_HOST=0.0.0.0 citytally serve nats --dir /srv/nats --nats-port 4222`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return nats.run(cmd, g, serve(app.ServerNATS), nil) },
	}
	nats.operationsFlag(broker)
	nats.natsFlag(broker)
	store := &cobra.Command{
		Use:   "clickhouse",
		Short: "Run the embedded ClickHouse alone",
		Long: `Run the embedded ClickHouse alone, until SIGTERM or Ctrl-C. The sink that connects makes
the tables. The passwords of its users are in credentials.json of this data directory
(citytally status --secrets prints them), where the settings give none.`,
		Example: `  citytally serve clickhouse --dir /srv/clickhouse
  CITYTALLY_CLICKHOUSE_EMBEDDED_HOST=0.0.0.0 citytally serve clickhouse --dir /srv/clickhouse`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return clickhouse.run(cmd, g, serve(app.ServerClickHouse), nil)
		},
	}
	clickhouse.operationsFlag(store)
	clickhouse.clickhouseFlags(store)
	cmd.AddCommand(store, broker)
	return cmd
}

// serve opens one server alone.
func serve(server string) opening {
	return func(ctx context.Context, s *configs.Settings, o app.Options) (*app.Pipeline, error) {
		return app.OpenServer(ctx, s, server, o)
	}
}
