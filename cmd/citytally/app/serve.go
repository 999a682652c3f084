package app

import (
	"context"
	"errors"
	"fmt"

	"github.com/citytally/citytally/configs"
)

// The servers that this program embeds.
const (
	ServerClickHouse = "clickhouse"
	ServerNATS       = "nats"
)

// OpenServer starts one embedded server alone, for stages that run elsewhere: with the settings,
// secrets, data directory, readiness and metrics that it has beside stages. The broker's streams
// are its own and kept to the settings; ClickHouse's tables are those of the sink that connects.
// Options without Stages are taken. The caller runs and closes it as a pipeline; after an error
// nothing is left open.
func OpenServer(ctx context.Context, s *configs.Settings, server string, o Options) (*Pipeline, error) {
	for _, elsewhere := range []struct{ server, setting, value string }{
		{ServerNATS, "nats.url", s.NATS.URL}, {ServerClickHouse, "clickhouse.dsn", s.ClickHouse.DSN},
	} {
		if server == elsewhere.server && elsewhere.value != "" {
			return nil, Usage(fmt.Errorf("%s: want none where this server runs, got one in the settings; leave it out here, and set it for the stages", elsewhere.setting))
		}
	}
	o.Stages = nil
	p := &Pipeline{settings: s, options: o, serves: server}
	if err := p.openServer(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

func (p *Pipeline) openServer(ctx context.Context) error {
	err := p.begin(ctx)
	switch {
	case err != nil:
	case p.serves == ServerNATS:
		err = p.openBroker(ctx)
	default:
		err = p.dialStore()
	}
	if err != nil {
		return err
	}
	return p.record()
}

// embedsBroker says whether the broker runs in this process.
func (p *Pipeline) embedsBroker() bool {
	return p.settings.NATS.URL == "" && p.serves != ServerClickHouse
}

// embedsEngine says whether ClickHouse runs below this process.
func (p *Pipeline) embedsEngine() bool {
	return p.settings.ClickHouse.DSN == "" && (p.serves == ServerClickHouse || p.has(StageTransform) || p.has(StageSink))
}
