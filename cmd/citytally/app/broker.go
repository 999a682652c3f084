package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/access"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/credentials"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// stageUser returns the user of the broker that a stage is.
func stageUser(stage string) string {
	switch stage {
	case StageIngest, StageCollect:
		return access.Gateway
	case StageTransform:
		return access.Transform
	case StageSink:
		return access.Sink
	}
	return access.Schedule
}

// openBroker starts the embedded broker where the settings name no other, and opens the log as
// the first stage of this process sees it.
func (p *Pipeline) openBroker(ctx context.Context) error {
	if p.settings.NATS.URL == "" {
		if err := p.startBroker(ctx); err != nil {
			return err
		}
	} else {
		p.Instance.NATS = p.settings.NATS.URL
		p.brokerOptions = []nats.Option{nats.RetryOnFailedConnect(true)}
	}
	var err error
	first := access.Schedule // who may do least, where this process only watches its server
	if len(p.options.Stages) > 0 {
		first = stageUser(p.options.Stages[0])
	}
	if p.conn, err = p.connectAs(first); err != nil {
		return err
	}
	if p.Log, err = p.openLog(ctx); err != nil {
		return err
	}
	p.logs = map[string]*stream.Log{first: p.Log}
	if p.districts != nil {
		p.Log.ExplainOutage(p.districts.server.Paused)
	}
	p.health.watchBroker(p.Log)
	p.health.watchWork(p.Log)
	watchLog(p.registry, p.Log, p.options.Logger)
	return nil
}

// startBroker starts the embedded broker with the users of this program, makes their secrets at
// the first start, and keeps the streams, which are this process's own, to the settings.
func (p *Pipeline) startBroker(ctx context.Context) error {
	c, secrets, err := embeddedBroker(p.settings)
	if err != nil {
		return err
	}
	server, err := natsd.Start(ctx, c, p.child("broker"))
	if err != nil {
		return portHint(err, "--nats-port")
	}
	p.closers = append(p.closers, server.Close)
	p.districts = &districts{dir: p.settings.Dir, secrets: secrets, access: c.Access, server: server, logger: p.child("broker")}
	p.brokerOptions = []nats.Option{server.InProcess()}
	p.Instance.NATS = server.ClientURL()

	admin, err := p.dialBroker(access.Admin)
	if err != nil {
		return err
	}
	defer admin.Close()
	_, changes, err := stream.Setup(ctx, admin, p.settings.Streams, false, p.options.Logger)
	for _, c := range changes {
		if c.Is == stream.Absent {
			continue
		}
		p.options.Logger.Warn().Str("stream", c.Stream).Str("setting", c.Setting).Str("was", c.Is).Str("now", c.Wanted).Msg("stream changed to the settings")
	}
	if err != nil {
		return err
	}
	operator, err := p.dialBroker(access.Operator) // who may write the bucket
	if err != nil {
		return err
	}
	defer operator.Close()
	log, err := stream.Attach(operator, p.options.Logger)
	if err != nil {
		return err
	}
	restored, err := token.Reconcile(ctx, log)
	if len(restored) > 0 {
		p.options.Logger.Error().Strs("tokens", restored).Msg("the bucket of tokens had lost that these are revoked; it is brought back from ACCEPTED. Tokens that were issued since the copy, or that it lost, let nobody in: issue them anew")
	}
	return err
}

// embeddedBroker returns the configuration of the embedded broker with the users of this program,
// and their secrets, which are made where there are none.
func embeddedBroker(s *configs.Settings) (natsd.Config, *credentials.Store, error) {
	c := s.EmbeddedNATS()
	secrets, err := credentials.Open(s.Dir, access.Credentials()...)
	if err != nil {
		return c, nil, err
	}
	keys, err := access.Keys(s.Dir)
	if err != nil {
		return c, nil, err
	}
	c.Access, c.Account = access.Secrets(secrets)+access.Text(keys), access.Core
	return c, secrets, nil
}

// StartBrokerAlone starts the embedded broker on a directory, off the network and without the
// pipeline, and connects as its administrator. The caller has locked the data directory of the
// settings, and ends both with the returned function.
func StartBrokerAlone(ctx context.Context, s *configs.Settings, dir string, logger zerolog.Logger) (*nats.Conn, func() error, error) {
	c, secrets, err := embeddedBroker(s)
	if err != nil {
		return nil, nil, err
	}
	c.Dir, c.Port = dir, natsd.NoPort
	server, err := natsd.Start(ctx, c, logger)
	if err != nil {
		return nil, nil, err
	}
	login, _ := access.Login(secrets, access.Admin)
	nc, err := ConnectBroker(&configs.Settings{}, "", logger, login, server.InProcess())
	if err != nil {
		return nil, nil, errors.Join(err, server.Close())
	}
	return nc, func() error { nc.Close(); return server.Close() }, nil
}

// dialBroker connects to the broker as a user. The caller closes the connection.
func (p *Pipeline) dialBroker(user string) (*nats.Conn, error) {
	login, err := BrokerLogin(p.settings, p.settings.NATS.URL, user)
	if err != nil {
		return nil, err
	}
	return ConnectBroker(p.settings, p.settings.NATS.URL, p.options.Logger, append(login, p.brokerOptions...)...)
}

// connectAs connects to the broker as a user until the pipeline is closed.
func (p *Pipeline) connectAs(user string) (*nats.Conn, error) {
	conn, err := p.dialBroker(user)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, func() error { conn.Close(); return nil })
	return conn, nil
}

// LogAs returns the log as a user of the broker sees it: over a connection of its own where the
// broker knows this program's users, else over the one that all share.
func (p *Pipeline) LogAs(user string) (*stream.Log, error) {
	if log := p.logs[user]; log != nil {
		return log, nil
	}
	login, err := BrokerLogin(p.settings, p.settings.NATS.URL, user)
	if err != nil {
		return nil, err
	}
	log := p.Log
	if login != nil {
		conn, err := p.connectAs(user)
		if err != nil {
			return nil, err
		}
		if log, err = p.Log.Over(conn); err != nil {
			return nil, err
		}
	}
	p.logs[user] = log
	return log, nil
}

// openTimeout is how long one attempt at opening the log may take.
const openTimeout = 15 * time.Second

// openLog opens the log. It waits for a broker that others use as long as that is away or has no
// quorum, and creates the streams that it lacks.
func (p *Pipeline) openLog(ctx context.Context) (log *stream.Log, err error) {
	if p.settings.NATS.URL == "" {
		return stream.Attach(p.conn, p.options.Logger)
	}
	attempt := stream.Attempt{What: "reach the broker", Timeout: openTimeout, Logger: p.options.Logger}
	err = stream.Retry(ctx, attempt, func(ctx context.Context) error {
		log, err = stream.Open(ctx, p.conn, p.settings.Streams, p.options.Logger)
		if different, ok := errors.AsType[*stream.DifferenceError](err); ok {
			return &event.Permanent{Err: different}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return log, nil
}
