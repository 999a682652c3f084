package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
)

// A server that was cut off says nothing: without an answer to this many pings,
// one after the other, a connection counts as lost.
const (
	brokerPing  = 3 * time.Second
	brokerPings = 2
)

// connectBroker connects to a broker and keeps connected: when it goes away the
// connection waits for it.
func connectBroker(c configs.NATS, url string, logger zerolog.Logger, extra ...nats.Option) (*nats.Conn, error) {
	options := []nats.Option{
		nats.Name("citytally"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond),
		nats.PingInterval(brokerPing), nats.MaxPingsOutstanding(brokerPings),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if err != nil {
				logger.Warn().Err(err).Msg("broker away; waiting for it")
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			logger.Info().Str("server", nc.ConnectedUrlRedacted()).Msg("broker back")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			logger.Warn().Err(err).Msg("broker refused something")
		}),
	}
	if c.User != "" {
		options = append(options, nats.UserInfo(c.User, c.Password))
	}
	if c.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(c.CredentialsFile))
	}
	if c.TLS.CAFile != "" {
		options = append(options, nats.RootCAs(c.TLS.CAFile))
	}
	if c.TLS.CertFile != "" {
		options = append(options, nats.ClientCert(c.TLS.CertFile, c.TLS.KeyFile))
	}
	nc, err := nats.Connect(url, append(options, extra...)...)
	if err != nil {
		return nil, fmt.Errorf("connect to the broker at %s: %w; %s", configs.Mask(url), err, brokerAdvice(err))
	}
	return nc, nil
}

// brokerAdvice says what to do about a broker that cannot be connected to.
func brokerAdvice(err error) string {
	if errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) {
		return "check nats.user and nats.password, or nats.credentials_file, in the settings"
	}
	return "start it, or correct nats.url in the settings"
}

// target is where commands that talk to a running instance look for it: their
// own flags, the settings' clusters, or the instance on --dir.
type target struct {
	globals *globals
	nats    string
	dsn     string
	url     string

	settings *configs.Settings
	found    *instance
	searched error
}

func (t *target) natsFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.nats, "nats", "", "broker `URL`, instead of that of the instance on --dir")
}

func (t *target) dsnFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.dsn, "dsn", "", "ClickHouse `DSN`, instead of that of the instance on --dir")
}

func (t *target) urlFlag(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.url, "url", "", "base `URL` of the gateway, instead of that of the instance on --dir")
}

// resolve loads the settings and looks for an instance; its absence is an error
// only once something is needed that it alone can tell.
func (t *target) resolve() error {
	var err error
	if t.settings, err = t.globals.settings(); err != nil {
		return err
	}
	t.found, t.searched = findInstance(t.settings.Dir)
	if t.searched != nil {
		if !errors.Is(t.searched, errNoInstance) {
			return t.searched
		}
		t.found = &instance{}
	}
	return nil
}

// address picks the first address there is: of the flag, the settings, or the
// running instance.
func (t *target) address(what, flag string, candidates ...string) (string, error) {
	for _, c := range candidates {
		if c != "" {
			return c, nil
		}
	}
	if t.searched != nil {
		return "", absent(fmt.Errorf("%w; start it with: citytally run --dir %s (or name %s with --%s)", t.searched, t.settings.Dir, what, flag))
	}
	return "", absent(fmt.Errorf("the instance on %s has no %s of its own; name it with --%s", t.settings.Dir, what, flag))
}

func (t *target) gateway() (string, error) {
	return t.address("the gateway", "url", t.url, t.found.HTTP)
}

// How long a command waits for ClickHouse to answer.
const storeTimeout = 10 * time.Second

// store opens ClickHouse for reading.
func (t *target) store(ctx context.Context, logger zerolog.Logger) (*sink.Store, error) {
	dsn, err := t.address("ClickHouse", "dsn", t.dsn, t.settings.ClickHouse.DSN, t.found.ClickHouse)
	if err != nil {
		return nil, err
	}
	opening, cancel := context.WithTimeoutCause(ctx, storeTimeout, fmt.Errorf("ClickHouse did not answer within %s", storeTimeout))
	defer cancel()
	return sink.Open(opening, dsn, t.settings.Sink, logger)
}

// log attaches to the broker's streams. The returned function disconnects.
func (t *target) log(logger zerolog.Logger) (*stream.Log, func(), error) {
	url, err := t.address("the broker", "nats", t.nats, t.settings.NATS.URL, t.found.NATS)
	if err != nil {
		return nil, nil, err
	}
	var extra []nats.Option
	if t.settings.NATS.URL == "" {
		e := t.settings.EmbeddedNATS()
		if e.User != "" {
			extra = append(extra, nats.UserInfo(e.User, e.Password))
		}
		if e.Token != "" {
			extra = append(extra, nats.Token(e.Token))
		}
	}
	nc, err := connectBroker(t.settings.NATS, url, logger, extra...)
	if err != nil {
		return nil, nil, err
	}
	log, err := stream.Attach(nc, logger)
	if err != nil {
		nc.Close()
		return nil, nil, err
	}
	return log, nc.Close, nil
}
